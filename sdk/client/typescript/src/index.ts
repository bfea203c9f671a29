// Client of Optimus, which runs strangers' programs against tests and returns verdicts.

export { type CallOptions, Client, type WaitOptions } from './client.js';
export type { Options } from './connection.js';
export { content, toBytes, toText } from './content.js';
export { ApiError, OptimusError, StillRunningError, UnreachableError } from './errors.js';
export type { Item } from './lanes.js';
export { type Completed, Result } from './result.js';
export type * from './types.js';
