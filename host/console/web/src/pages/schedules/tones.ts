// What the states of a schedule look like.

export const SCHEDULE_TONES = { active: 'good', paused: 'limit', stopped: 'bad', finished: '' } as const;
