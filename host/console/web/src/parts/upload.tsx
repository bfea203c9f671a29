// A file of this machine, chosen or dropped.

import { useState } from 'preact/hooks';
import { strings } from '../strings';

type Props = { label: string; hint: string; accept: string; take: (file: File) => Promise<void> };

export function Upload({ label, hint, accept, take }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [isOver, setOver] = useState(false);
  const give = async (file: File | null | undefined) => {
    if (!file) return;
    setBusy(true);
    await take(file).finally(() => setBusy(false));
  };
  return (
    <div
      class={`card upload ${isOver ? 'over' : ''}`}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void give(event.dataTransfer?.files[0]);
      }}
    >
      <label class="button">
        {isBusy ? strings.uploading : label}
        <input
          type="file"
          class="hidden"
          accept={accept}
          disabled={isBusy}
          onChange={(event) => {
            void give(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
      </label>
      <span class="muted">{hint}</span>
    </div>
  );
}
