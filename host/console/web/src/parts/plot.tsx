// Lines over time, drawn by uPlot; for those who cannot see them, the last values as a table.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { strings } from '../strings';
import { theme } from '../theme';

export type Line = { name: string; colour: string; values: (number | null)[] };
type Props = { title: string; times: number[]; lines: Line[]; text: (value: number) => string };

const HEIGHT = 180;
/** Rows of the table. */
const LAST = 12;

export function Plot({ title, times, lines, text }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(options(lines, text, element.clientWidth), data(times, lines), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [theme.value, document.documentElement.dataset.theme]);
  useEffect(() => plot.current?.setData(data(times, lines)), [times.at(-1), times.length]);
  return (
    <section class="card plot" aria-label={title}>
      <h2>{title}</h2>
      <p class="legend">
        {lines.map((line) => (
          <span key={line.name}>
            <i style={{ background: `var(${line.colour})` }} />
            {line.name} <b>{last(line, text)}</b>
          </span>
        ))}
      </p>
      <div class="canvas" ref={box} aria-hidden="true" />
      <details class="values">
        <summary>{strings.live.table(title)}</summary>
        <Table times={times} lines={lines} text={text} title={title} />
      </details>
    </section>
  );
}

function last(line: Line, text: (value: number) => string): string {
  const value = line.values.findLast((one) => one !== null);
  return value === null || value === undefined ? '–' : text(value);
}

function Table({ times, lines, text }: Props) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{strings.live.time}</th>
          {lines.map((line) => (
            <th scope="col" key={line.name}>
              {line.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {times.slice(-LAST).map((time, at, shown) => (
          <tr key={time}>
            <td>{new Date(time * 1000).toLocaleTimeString('en-GB')}</td>
            {lines.map((line) => {
              const value = line.values[times.length - shown.length + at];
              return <td key={line.name}>{value === null || value === undefined ? '–' : text(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const data = (times: number[], lines: Line[]): uPlot.AlignedData => [times, ...lines.map((line) => line.values)];

function options(lines: Line[], text: (value: number) => string, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: `11px ${style.getPropertyValue('--sans')}` };
  return {
    width,
    height: HEIGHT,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), Math.max(1, (most ?? 1) * 1.1)] } },
    axes: [
      { ...axis, size: 28, values: (_, times) => times.map((time) => new Date(time * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })) },
      { ...axis, size: 62, values: (_, values) => values.map(text) },
    ],
    series: [{}, ...lines.map((line) => ({ label: line.name, stroke: colour(line.colour), width: 1.75, spanGaps: false, points: { show: false } }))],
  };
}
