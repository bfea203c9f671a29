// A form that the page itself sends; a folded one is hidden until somebody opens it.

import type { ComponentChildren } from 'preact';

type Props = { label: string; look?: string; submit: () => void; children: ComponentChildren };

export function Form({ label, look = 'card form', submit, children }: Props) {
  return (
    <form
      class={look}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {children}
    </form>
  );
}

export function FoldedForm({ label, submit, children }: Omit<Props, 'look'>) {
  return (
    <details class="card fold">
      <summary>{label}</summary>
      <Form label={label} look="form" submit={submit}>
        {children}
      </Form>
    </details>
  );
}
