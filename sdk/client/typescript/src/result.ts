// A job that has ended, with what one asks of it most.

import { toText } from './content.js';
import type { OptimusError } from './errors.js';
import type { Report, TestReport, Verdict } from './types.js';

/** The end of a job. `report` is all that the server says of it. */
export class Result {
  constructor(readonly report: Report) {}

  get id(): string {
    return this.report.id;
  }

  /** What it means: `accepted`, `wrong_answer`, …. */
  get verdict(): Verdict {
    return this.report.verdict;
  }

  /** True if the program is right. */
  get accepted(): boolean {
    return this.report.verdict === 'accepted';
  }

  /** One for each test, in the job's order. */
  get tests(): TestReport[] {
    return this.report.tests;
  }

  /** The number of accepted tests. */
  get passed(): number {
    return this.tests.filter((test) => test.verdict === 'accepted').length;
  }

  /** The points, where the job has scoring rules. */
  get points(): number | undefined {
    return this.report.score?.points;
  }

  /** What the first test printed, as far as the report holds it. */
  get stdout(): string {
    return toText(this.tests[0]?.stdout.content ?? '');
  }

  /** The same of stderr. */
  get stderr(): string {
    return toText(this.tests[0]?.stderr.content ?? '');
  }

  /** What the compilers printed. */
  get compilerOutput(): string {
    return toText(this.report.compile?.output.content ?? '');
  }

  toString(): string {
    return `${this.verdict}, ${this.passed} of ${this.tests.length} tests`;
  }
}

/** One of many jobs: its place among them, from 0, and how it ended. */
export type Completed =
  | { index: number; result: Result; error?: undefined }
  | { index: number; result?: undefined; error: OptimusError };
