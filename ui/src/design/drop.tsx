import { Button } from '@mantine/core';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { type DragEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import './drop.css';

/** A place to drop files on; the button does the same without a mouse. */
export function FileDrop({
  onFiles,
  accept,
  compact,
  busy,
  text,
}: {
  onFiles: (files: File[]) => void;
  accept: string;
  compact?: boolean;
  busy?: boolean;
  /** What may be dropped; files of orders by default. */
  text?: string;
}) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(0);
  const take = (list: FileList | null) => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(files);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(0);
    take(event.dataTransfer.files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has no keyboard; the button inside does the same
    <div
      className="drop"
      data-over={over > 0 || undefined}
      data-compact={compact || undefined}
      onDragEnter={(e) => {
        e.preventDefault();
        setOver((n) => n + 1);
      }}
      onDragOver={(e) => e.preventDefault()}
      onDragLeave={() => setOver((n) => Math.max(0, n - 1))}
      onDrop={drop}
    >
      <div className="drop-icon">
        <IconFileSpreadsheet size={compact ? 20 : 26} stroke={1.6} />
      </div>
      <div className="grow">
        <div className="strong">{t('drop.title')}</div>
        <div className="dim small">{text ?? t('drop.text')}</div>
      </div>
      <Button variant={compact ? 'default' : 'filled'} loading={busy} onClick={() => input.current?.click()}>
        {t('drop.choose')}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accept}
        aria-label={t('drop.choose')}
        data-testid="file-input"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = '';
        }}
      />
    </div>
  );
}
