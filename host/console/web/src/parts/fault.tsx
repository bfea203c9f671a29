// What went wrong, and what to do about it, as the server says it.

import { ApiFault } from '../api/client';

export function Fault({ error }: { error: Error }) {
  return (
    <div class="fault" role="alert">
      <p>{error.message}</p>
      {error instanceof ApiFault && error.hint && <p>{error.hint}</p>}
    </div>
  );
}
