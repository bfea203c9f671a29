// What the states of a session look like.

export const SESSION_TONES = { idle: 'good', running: 'busy', lost: 'bad' } as const;
