import { IconAlertCircle, IconCheck, IconX } from '@tabler/icons-react';
import { useEffect, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from './keys';
import './toast.css';

export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad';
  undo?: () => void;
  ms: number;
}

let next = 1;
let toasts: readonly Toast[] = [];
const watchers = new Set<() => void>();

function publish(list: readonly Toast[]): void {
  toasts = list;
  for (const watcher of watchers) watcher();
}

export function dismiss(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

function push(toast: Omit<Toast, 'id'>): void {
  publish([...toasts.slice(-2), { ...toast, id: next++ }]);
}

/** Says what was done; with `undo` it stays ten seconds and answers to Ctrl+Z. */
export function done(text: string, undo?: () => void): void {
  push({ text, tone: 'good', undo, ms: undo ? 10_000 : 3500 });
}

export function failed(text: string): void {
  push({ text, tone: 'bad', ms: 9000 });
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function Item({ toast }: { toast: Toast }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(toast.id), toast.ms);
    return () => clearTimeout(timer);
  }, [toast.id, toast.ms]);
  return (
    <div className="toast" data-tone={toast.tone}>
      {toast.tone === 'good' ? <IconCheck size={17} /> : <IconAlertCircle size={17} />}
      <span className="grow">{toast.text}</span>
      {toast.undo && (
        <button
          type="button"
          className="toast-undo"
          onClick={() => {
            toast.undo?.();
            dismiss(toast.id);
          }}
        >
          {t('do.undo')} <kbd>Ctrl Z</kbd>
        </button>
      )}
      <button type="button" className="plain toast-close" aria-label={t('do.close')} onClick={() => dismiss(toast.id)}>
        <IconX size={15} />
      </button>
    </div>
  );
}

export function Toasts() {
  const list = useSyncExternalStore(subscribe, () => toasts);
  const undoable = list.findLast((toast) => toast.undo);
  useKeys({
    'ctrl+z': undoable
      ? () => {
          undoable.undo?.();
          dismiss(undoable.id);
        }
      : undefined,
  });
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map((toast) => (
        <Item key={toast.id} toast={toast} />
      ))}
    </div>
  );
}
