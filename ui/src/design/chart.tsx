import { ActionIcon, Menu, SegmentedControl } from '@mantine/core';
import { IconChartBar, IconDownload, IconTable } from '@tabler/icons-react';
import { lazy, type ReactNode, type RefObject, Suspense, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { send } from '~/api/client';
import type { ChartOption, ChartPoint, Palette } from './echart';
import { saveBlob, saveLink, saveText, toCsv } from './file';
import { pictureOf } from './picture';
import { Bone } from './state';
import { failed } from './toast';

const EChart = lazy(() => import('./echart'));

/** A cell: text, a number, or a number or month that is shown in words of its own (money, a share, "Sep 2024"). */
export type TwinCell =
  | string
  | number
  | { n: number | null | undefined; text: string }
  | { month: string; text: string };

const shown = (cell: TwinCell) => (typeof cell === 'object' ? cell.text : cell);
const bare = (cell: TwinCell): string | number =>
  typeof cell !== 'object' ? cell : 'month' in cell ? cell.month : (cell.n ?? '');
/** A workbook knows dates: the server makes one of a month. */
const typed = (cell: TwinCell) => (typeof cell === 'object' && 'month' in cell ? { month: cell.month } : bare(cell));

export interface TwinRow {
  key: string;
  cells: TwinCell[];
  /** Opens the people behind the row. */
  onWho?: () => void;
}

export interface Twin {
  head: string[];
  rows: TwinRow[];
}

/** A drawing with its table twin; both say the same, the table also opens the people. */
export function ChartCard({
  title,
  note,
  aside,
  twin,
  name,
  height = 280,
  option,
  drawing,
  onPoint,
}: {
  title: string;
  note?: ReactNode;
  aside?: ReactNode;
  twin: Twin;
  /** The name of the exported files. */
  name: string;
  height?: number;
  option?: (p: Palette) => ChartOption;
  drawing?: ReactNode;
  onPoint?: (point: ChartPoint) => void;
}) {
  const { t } = useTranslation();
  const [view, setView] = useState<'chart' | 'table'>('chart');
  const png = useRef<() => string>(undefined);
  const drawn = useRef<HTMLDivElement>(null);
  const ready = useCallback((take: () => string) => {
    png.current = take;
  }, []);
  return (
    <section className="card">
      <header>
        <h2 className="grow">{title}</h2>
        {aside}
        <SegmentedControl
          value={view}
          onChange={(v) => setView(v as 'chart' | 'table')}
          aria-label={t('chart.view')}
          data={[
            { value: 'chart', label: <IconLabel icon={<IconChartBar size={15} />} text={t('chart.chart')} /> },
            { value: 'table', label: <IconLabel icon={<IconTable size={15} />} text={t('chart.table')} /> },
          ]}
        />
        <ExportMenu
          name={name}
          twin={twin}
          picture={view === 'chart' ? () => (option ? png.current?.() : picture(drawn, title)) : undefined}
        />
      </header>
      {view === 'table' ? (
        <TwinTable twin={twin} minHeight={height} />
      ) : option ? (
        <Suspense fallback={<Bone h={height} />}>
          <EChart option={option} height={height} label={title} onPoint={onPoint} onReady={ready} />
        </Suspense>
      ) : (
        <div ref={drawn}>{drawing}</div>
      )}
      {note && <p className="dim small chart-note">{note}</p>}
    </section>
  );
}

function picture(drawn: RefObject<HTMLDivElement | null>, title: string): Promise<string> | undefined {
  const panel = getComputedStyle(document.documentElement).getPropertyValue('--o-panel').trim();
  return drawn.current ? pictureOf(drawn.current, panel, title) : undefined;
}

/** A table as CSV and XLSX, and its drawing as PNG. Numbers go out bare, whatever words the page shows them in. */
export function ExportMenu({
  name,
  twin,
  picture,
}: {
  /** The name of the exported files. */
  name: string;
  twin: Twin;
  picture?: () => string | undefined | Promise<string | undefined>;
}) {
  const { t } = useTranslation();
  const rows = () => twin.rows.map((r) => r.cells.map(bare));
  const xlsx = async () => {
    const answer = await send('POST', '/api/insight/xlsx', {
      body: { head: twin.head, rows: twin.rows.map((r) => r.cells.map(typed)) },
      headers: { accept: '*/*' },
    });
    saveBlob(`${name}.xlsx`, await answer.blob());
  };
  const png = async () => {
    const link = await picture?.();
    if (link) saveLink(`${name}.png`, link);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('chart.export')}>
          <IconDownload size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => saveText(`${name}.csv`, toCsv([twin.head, ...rows()]), 'text/csv')}>
          {t('chart.csv')}
        </Menu.Item>
        <Menu.Item onClick={() => void xlsx().catch((e: Error) => failed(e.message))}>{t('chart.xlsx')}</Menu.Item>
        {picture && (
          <Menu.Item onClick={() => void png().catch((e: Error) => failed(e.message))}>{t('chart.png')}</Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function IconLabel({ icon, text }: { icon: ReactNode; text: string }) {
  return (
    <span title={text} style={{ display: 'flex' }}>
      {icon}
      <span className="sr">{text}</span>
    </span>
  );
}

export function TwinTable({ twin, minHeight }: { twin: Twin; minHeight?: number }) {
  const { t } = useTranslation();
  const who = twin.rows.some((r) => r.onWho);
  return (
    <section
      className="scroll-x"
      style={{ minHeight, maxHeight: 420, overflowY: 'auto' }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label={t('chart.table')}
    >
      <table className="plain-table">
        <thead>
          <tr>
            {twin.head.map((h, i) => (
              <th key={h} className={i > 0 ? 'n' : undefined}>
                {h}
              </th>
            ))}
            {who && (
              <th>
                <span className="sr">{t('chart.who')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {twin.rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, i) => (
                <td key={i} className={i > 0 ? 'n' : undefined}>
                  {shown(cell)}
                </td>
              ))}
              {who && (
                <td className="n">
                  {row.onWho && (
                    <button type="button" className="link" onClick={row.onWho}>
                      {t('chart.who')}
                    </button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
