import { ActionIcon, Menu, SegmentedControl } from '@mantine/core';
import { IconChartBar, IconDownload, IconTable } from '@tabler/icons-react';
import { lazy, type ReactNode, Suspense, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChartOption, ChartPoint, Palette } from './echart';
import { saveText, toCsv } from './file';
import { Bone } from './state';

const EChart = lazy(() => import('./echart'));

export interface TwinRow {
  key: string;
  cells: (string | number)[];
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
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t('chart.export')}>
              <IconDownload size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              onClick={() => saveText(`${name}.csv`, toCsv([twin.head, ...twin.rows.map((r) => r.cells)]), 'text/csv')}
            >
              {t('chart.csv')}
            </Menu.Item>
            {option && (
              <Menu.Item
                disabled={view !== 'chart'}
                onClick={() => {
                  const link = document.createElement('a');
                  link.href = png.current?.() ?? '';
                  link.download = `${name}.png`;
                  link.click();
                }}
              >
                {t('chart.png')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </header>
      {view === 'table' ? (
        <TwinTable twin={twin} minHeight={height} />
      ) : option ? (
        <Suspense fallback={<Bone h={height} />}>
          <EChart option={option} height={height} label={title} onPoint={onPoint} onReady={ready} />
        </Suspense>
      ) : (
        drawing
      )}
      {note && <p className="dim small chart-note">{note}</p>}
    </section>
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
                  {cell}
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
