// One of a few, by its name.

type Props = { name: string; value: string; all: [string, string][]; set: (value: string) => void; any?: string };

/** `all` has the value and the text of each; `any` is the text of none, where none may be chosen. */
export function Choice({ name, value, all, set, any }: Props) {
  return (
    <label>
      <span>{name}</span>
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {any !== undefined && <option value="">{any}</option>}
        {all.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
