// What a verdict looks like: colour is never the only sign, the words are always there.

import type { Verdict } from './api/client';

export type Tone = 'good' | 'bad' | 'limit' | 'quiet' | 'ours';

const TONES: Record<Verdict, Tone> = {
  accepted: 'good',
  partial: 'limit',
  wrong_answer: 'bad',
  presentation_error: 'bad',
  time_limit_exceeded: 'limit',
  idleness_limit_exceeded: 'limit',
  memory_limit_exceeded: 'limit',
  output_limit_exceeded: 'limit',
  runtime_error: 'bad',
  security_violation: 'bad',
  compile_error: 'bad',
  skipped: 'quiet',
  cancelled: 'quiet',
  internal_error: 'ours',
};

export const tone = (verdict: Verdict): Tone => TONES[verdict] ?? 'quiet';
