// CodeMirror in a shadow root: there it adopts its styles as sheets, which a policy without inline styles allows.

import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state';
import { EditorView, drawSelection, dropCursor, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { strings } from '../strings';
import { grammar } from './grammars';
import { highlighting, theme } from './theme';

/** What a compiler says of a place; lines and columns count from 1, 0 is unknown. */
export type Mark = { line: number; column: number; severity: 'error' | 'warning' | 'note'; message: string };

export type Hooks = { change: (text: string) => void; run: () => void };

export class Editor {
  private readonly view: EditorView;
  private readonly language = new Compartment();
  private readonly vim = new Compartment();
  private path = '';

  constructor(
    parent: HTMLElement,
    private readonly hooks: Hooks,
  ) {
    const root = parent.shadowRoot ?? parent.attachShadow({ mode: 'open' });
    this.view = new EditorView({ root, parent: root as unknown as Element });
  }

  /** Shows a file; what was undone in another stays there. */
  async open(path: string, text: string, useVim: boolean) {
    this.path = path;
    this.view.setState(EditorState.create({ doc: text, extensions: this.extensions(path) }));
    void this.setVim(useVim);
    const load = grammar(path);
    if (!load) return;
    const extension = await load();
    if (this.path === path) this.view.dispatch({ effects: this.language.reconfigure(extension) });
  }

  async setVim(isOn: boolean) {
    const extension: Extension = isOn ? (await import('@replit/codemirror-vim')).vim() : [];
    this.view.dispatch({ effects: this.vim.reconfigure(extension) });
  }

  mark(marks: Mark[]) {
    const { doc } = this.view.state;
    const found = marks.filter((mark) => mark.line > 0 && mark.line <= doc.lines).map((mark): Diagnostic => {
      const line = doc.line(mark.line);
      const from = Math.min(line.to, line.from + Math.max(0, mark.column - 1));
      const word = /^[\w$]+/.exec(doc.sliceString(from, line.to))?.[0].length ?? 1;
      const severity = mark.severity === 'note' ? 'info' : mark.severity;
      return { from, to: Math.min(line.to, from + word), severity, message: mark.message };
    });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  show(line: number, column: number) {
    const { doc } = this.view.state;
    if (line < 1 || line > doc.lines) return;
    const at = doc.line(line);
    const anchor = Math.min(at.to, at.from + Math.max(0, column - 1));
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
    this.view.focus();
  }

  destroy() {
    this.view.destroy();
  }

  private extensions(path: string): Extension {
    const run = () => {
      this.hooks.run();
      return true;
    };
    return [
      this.vim.of([]),
      Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
      lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(), dropCursor(),
      indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(), lintGutter(),
      EditorState.allowMultipleSelections.of(true),
      indentUnit.of('    '),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
      theme, highlighting,
      EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': strings.playground.source(path) }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.hooks.change(update.state.doc.toString());
      }),
      this.language.of([]),
    ];
  }
}
