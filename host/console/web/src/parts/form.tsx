// A form that this page sends itself; `fold` hides it until somebody opens it.

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

export function FoldedForm({ label, submit, children }: Props) {
  return (
    <details class="card fold">
      <summary>{label}</summary>
      <Form label={label} look="form" submit={submit}>
        {children}
      </Form>
    </details>
  );
}
