// What the states of runs and of their steps look like.

export const RUN_TONES = { running: 'busy', cancelling: 'busy', succeeded: 'good', failed: 'bad', cancelled: '' } as const;

export const STEP_TONES = { waiting: '', running: 'busy', succeeded: 'good', failed: 'bad', skipped: '', blocked: 'limit', cancelled: '' } as const;
