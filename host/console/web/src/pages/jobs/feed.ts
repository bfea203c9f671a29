// The list of jobs as it grows: new ones on top by asking again, older ones below on demand.

import { call, type JobList, type JobSummary } from '../../api/client';

export type Filter = { state: string; language: string; verdict: string };

const PAGE = 100;
const AGAIN_MS = 2000;
/** The API filters by state and language; a verdict is looked for here, in at most so many pages at once. */
const PAGES_AT_ONCE = 10;

export class JobFeed {
  jobs: JobSummary[] = [];
  isComplete = false;
  error: Error | undefined;
  private readonly all = new Map<string, JobSummary>();
  private next = '';
  private isLoading = false;
  private timer = 0;
  private isClosed = false;

  constructor(
    private readonly filter: Filter,
    private readonly changed: () => void,
    /** What another filter had found is shown at once, as far as it matches. */
    before?: JobFeed,
  ) {
    this.add([...(before?.all.values() ?? [])]);
    void this.older().then(() => this.later());
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  async older() {
    if (this.isLoading || this.isComplete || this.isClosed) return;
    this.isLoading = true;
    const before = this.jobs.length;
    for (let page = 0; page < PAGES_AT_ONCE && !this.isComplete && !this.isClosed; page += 1) {
      const list = await this.ask(this.next);
      if (!list) break;
      this.next = list.next ?? '';
      this.isComplete = this.next === '';
      this.add(list.jobs);
      if (this.jobs.length > before) break;
    }
    this.isLoading = false;
  }

  private later() {
    if (this.isClosed) return;
    this.timer = window.setTimeout(async () => {
      if (!document.hidden) {
        const list = await this.ask('');
        if (list) this.add(list.jobs);
      }
      this.later();
    }, AGAIN_MS);
  }

  private async ask(next: string): Promise<JobList | undefined> {
    const { state, language } = this.filter;
    const query = Object.entries({ state, language, next, limit: String(PAGE) }).filter(([, value]) => value !== '');
    try {
      const list = await call<JobList>('GET', `/v1/jobs?${new URLSearchParams(query)}`);
      this.error = undefined;
      return list;
    } catch (error) {
      this.error = error as Error;
      this.changed();
      return undefined;
    }
  }

  private add(jobs: JobSummary[]) {
    if (this.isClosed) return;
    for (const job of jobs) this.all.set(job.id, job);
    this.jobs = [...this.all.values()].filter((job) => matches(job, this.filter));
    // Ids are UUIDv7: their order is the order of submission.
    this.jobs.sort((a, b) => (a.id < b.id ? 1 : -1));
    this.changed();
  }
}

export function matches(job: JobSummary, { state, verdict }: Filter): boolean {
  if (state !== '' && job.state !== state) return false;
  if (verdict === 'failed') return job.verdict !== undefined && job.verdict !== 'accepted' && job.verdict !== 'cancelled';
  return verdict === '' || job.verdict === verdict;
}
