// Names of the API's types, which follow from openapi.json (`schema.ts`). The others are in `Schemas`.

import type { components } from './schema.js';

/** Every type of the API, by its name in `/docs`. */
export type Schemas = components['schemas'];

export type Content = Schemas['Content'];
export type Event = Schemas['Event'];
export type Fault = Schemas['Fault'];
export type Job = Schemas['Job'];
export type JobRequest = Schemas['JobRequest'];
export type Language = Schemas['Language'];
export type Limits = Schemas['Limits'];
export type Problem = Schemas['Problem'];
export type Report = Schemas['Report'];
export type ServerLimits = Schemas['ServerLimits'];
export type Test = Schemas['Test'];
export type TestReport = Schemas['TestReport'];
export type Verdict = Schemas['Verdict'];
