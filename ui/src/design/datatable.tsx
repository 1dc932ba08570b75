import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import './datatable.css';

export interface Column<T> {
  key: string;
  label: string;
  /** A track of CSS grid: `120px`, `minmax(140px, 2fr)`. */
  width: string;
  align?: 'right';
  /** The name the server sorts by; without it the column is not sortable. */
  sort?: string;
  /** The label is only said aloud: a column of buttons names itself. */
  quiet?: boolean;
  /** Left out on narrow screens. */
  minor?: boolean;
  render: (row: T) => ReactNode;
}

export interface Sort {
  by: string;
  desc: boolean;
}

export interface DataTableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  onHover?: (row: T) => void;
  openKey?: string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  more?: boolean;
  onMore?: () => void;
  total?: number | null;
  empty?: ReactNode;
  /** Pixels; without it the table fills its parent. */
  height?: number;
  rowHeight?: number;
}

const ROW = 34;

export function DataTable<T>(props: DataTableProps<T>) {
  const { columns, rows, rowKey, onOpen, onHover, openKey, sort, onSort, more, onMore, empty } = props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const id = useId();
  const rowHeight = props.rowHeight ?? ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 14,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (more && rows.length > 0 && last >= rows.length - 30) onMore?.();
  }, [last, rows.length, more, onMore]);

  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setActive(index);
    virtual.scrollToIndex(index);
    const row = rows[index];
    if (row && openKey !== undefined) onOpen?.(row);
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === 'Enter') {
      const row = rows[active];
      if (row) onOpen?.(row);
    }
  };

  const tracks = columns.map((c) => c.width).join(' ');
  const narrow = columns
    .filter((c) => !c.minor)
    .map((c) => c.width)
    .join(' ');
  if (rows.length === 0 && empty) return <div className="dt dt-blank">{empty}</div>;
  return (
    <div
      className="dt"
      data-fixed={props.height ? true : undefined}
      style={{ height: props.height, ['--tracks' as string]: tracks, ['--narrow' as string]: narrow }}
    >
      <div
        ref={scroller}
        className="dt-scroll"
        role="grid"
        aria-label={props.label}
        aria-rowcount={props.total ?? rows.length}
        aria-activedescendant={rows.length > 0 ? `${id}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
      >
        {/* biome-ignore lint/a11y/useFocusableInteractive: focus stays on the grid, which names its active row */}
        <div className="dt-row dt-head" role="row" aria-rowindex={1}>
          {columns.map((c) => {
            const sorted = sort && c.sort === sort.by;
            return (
              // biome-ignore lint/a11y/useFocusableInteractive: the button inside takes the focus
              <div
                key={c.key}
                role="columnheader"
                className={`dt-cell${c.align ? ' n' : ''}${c.minor ? ' minor' : ''}`}
                aria-sort={sorted ? (sort.desc ? 'descending' : 'ascending') : undefined}
              >
                {c.sort && onSort ? (
                  <button
                    type="button"
                    className="dt-sort"
                    onClick={() => c.sort && onSort({ by: c.sort, desc: sorted ? !sort.desc : c.align === 'right' })}
                  >
                    {c.label}
                    {sorted ? sort.desc ? <IconArrowDown size={13} /> : <IconArrowUp size={13} /> : null}
                  </button>
                ) : c.quiet ? (
                  <span className="sr">{c.label}</span>
                ) : (
                  c.label
                )}
              </div>
            );
          })}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the grid handles the keys
              <div
                key={key}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={openKey === key}
                className="dt-row"
                data-active={item.index === active || undefined}
                data-open={openKey === key || undefined}
                data-click={onOpen ? true : undefined}
                style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
                onClick={() => {
                  setActive(item.index);
                  onOpen?.(row);
                }}
                onMouseEnter={() => onHover?.(row)}
              >
                {columns.map((c) => (
                  // biome-ignore lint/a11y/useFocusableInteractive: focus stays on the grid, which names its active row
                  <div
                    key={c.key}
                    role="gridcell"
                    className={`dt-cell${c.align ? ' n' : ''}${c.minor ? ' minor' : ''}`}
                  >
                    {c.render(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {more && <div className="dt-more small dim">{t('state.more')}</div>}
    </div>
  );
}
