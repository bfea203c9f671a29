// Dark or light: as the system has it, until somebody says otherwise; that is remembered in this browser.

import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'optimus-theme';

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch {
    // A frame of another site may have no storage.
    return 'auto';
  }
}

export const theme = signal<Theme>(kept());
const system = matchMedia('(prefers-color-scheme: dark)');

function apply() {
  const dark = theme.value === 'auto' ? system.matches : theme.value === 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export function applyTheme() {
  apply();
  system.addEventListener('change', apply);
}

export function nextTheme() {
  const order: Theme[] = ['auto', 'light', 'dark'];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'auto';
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // It holds for this page, then.
  }
  apply();
}
