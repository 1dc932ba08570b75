import { Button, Progress } from '@mantine/core';
import { IconArrowBackUp, IconArrowRight, IconDownload, IconTableImport } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvents } from '~/api/events';
import { usePaged } from '~/api/paged';
import type { Import, ImportFile, Reject } from '~/api/types';
import { type Column, DataTable } from '~/design/datatable';
import { FileDrop } from '~/design/drop';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { BoneRows, Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { importQuery, importsQuery, useUndoImport } from './api';
import { Checklist } from './checklist';
import { Staged } from './staging';
import './import.css';

const ACCEPT = '.csv,.txt,.tsv,.xlsx,.xls,.ods,text/csv,text/plain';

export function sumFiles(files: ImportFile[]): Omit<ImportFile, 'file'> {
  const sum = { rows: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 };
  for (const f of files) {
    sum.rows += f.rows;
    sum.new += f.new;
    sum.changed += f.changed;
    sum.unchanged += f.unchanged;
    sum.rejected += f.rejected;
  }
  return sum;
}

const TONE = { uploaded: 'info', running: 'info', done: 'good', failed: 'bad', undone: undefined } as const;

function StateOf({ state }: { state: Import['state'] }) {
  const { t } = useTranslation();
  return (
    <span className="pill" data-tone={TONE[state]}>
      {t(`import.state.${state}`)}
    </span>
  );
}

interface Waiting {
  key: string;
  file: File;
}

let nextKey = 1;

export function ImportPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const search = useSearch({ from: '/inside/import' });
  const imports = useQuery(importsQuery);
  const [staged, setStaged] = useState<Waiting[]>([]);
  const [open, setOpen] = useState<string | undefined>(search.import);
  useEffect(() => setOpen(search.import), [search.import]);
  const show = (id: string | undefined) =>
    void navigate({ to: '/import', search: id ? { import: id } : {}, replace: true });

  const running = imports.data?.items.filter((i) => i.state === 'running' || i.state === 'uploaded') ?? [];
  useEvents(
    running.map((i) => `import:${i.id}`),
    (_, data) => {
      const next = data as Import;
      if (!next?.id) return;
      client.setQueryData(['import', next.id], next);
      if (next.state !== 'running') void client.invalidateQueries();
    },
  );

  const columns: Column<Import>[] = [
    { key: 'at', label: t('import.col.at'), width: '178px', minor: true, render: (i) => f.dateTime(i.created_at) },
    {
      key: 'files',
      label: t('import.col.files'),
      width: 'minmax(160px, 2fr)',
      render: (i) => <span title={i.files.map((x) => x.file).join(', ')}>{i.files.map((x) => x.file).join(', ')}</span>,
    },
    {
      key: 'source',
      label: t('import.col.source'),
      width: 'minmax(100px, 1fr)',
      minor: true,
      render: (i) => <span>{i.source}</span>,
    },
    {
      key: 'rows',
      label: t('import.col.rows'),
      width: '86px',
      align: 'right',
      render: (i) => f.n(sumFiles(i.files).rows),
    },
    {
      key: 'new',
      label: t('import.col.new'),
      width: '86px',
      align: 'right',
      minor: true,
      render: (i) => f.n(sumFiles(i.files).new),
    },
    {
      key: 'changed',
      label: t('import.col.changed'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (i) => f.n(sumFiles(i.files).changed),
    },
    {
      key: 'unchanged',
      label: t('import.col.unchanged'),
      width: '108px',
      align: 'right',
      minor: true,
      render: (i) => f.n(sumFiles(i.files).unchanged),
    },
    {
      key: 'rejected',
      label: t('import.col.rejected'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (i) => {
        const n = sumFiles(i.files).rejected;
        return <span className={n > 0 ? 'warn strong' : 'dim'}>{f.n(n)}</span>;
      },
    },
    { key: 'state', label: t('import.col.state'), width: '118px', render: (i) => <StateOf state={i.state} /> },
  ];

  const first = imports.data?.items.length === 0 && staged.length === 0;
  return (
    <Page title={t('import.title')} lead={t('import.lead')}>
      <FileDrop
        accept={ACCEPT}
        compact={!first}
        onFiles={(files) => setStaged((list) => [...list, ...files.map((file) => ({ key: String(nextKey++), file }))])}
      />
      {staged.map((item) => (
        <Staged
          key={item.key}
          file={item.file}
          onDrop={() => setStaged((list) => list.filter((x) => x.key !== item.key))}
          onDone={() => setStaged((list) => list.filter((x) => x.key !== item.key))}
        />
      ))}
      {running.map((i) => (
        <Running key={i.id} id={i.id} onOpen={() => show(i.id)} />
      ))}
      <Loaded query={imports} skeleton={<BoneRows rows={5} />}>
        {(page) => (
          <Card
            flush
            title={t('import.history')}
            aside={
              page.items.some((i) => i.state === 'done') && (
                <Button
                  component={Link}
                  to="/people"
                  variant="default"
                  size="compact-sm"
                  rightSection={<IconArrowRight size={14} />}
                >
                  {t('import.toPeople')}
                </Button>
              )
            }
          >
            <DataTable
              label={t('import.history')}
              columns={columns}
              rows={page.items}
              rowKey={(i) => i.id}
              openKey={open ?? ''}
              onOpen={(i) => show(i.id)}
              height={page.items.length ? Math.min(460, 36 + page.items.length * 35) : undefined}
              empty={
                <Empty icon={<IconTableImport size={22} />} title={t('import.none')}>
                  {t('import.noneText')}
                </Empty>
              }
            />
          </Card>
        )}
      </Loaded>
      {!first && <Checklist />}
      {open && <ImportPanel id={open} onClose={() => show(undefined)} />}
    </Page>
  );
}

function Running({ id, onOpen }: { id: string; onOpen: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { data } = useQuery(importQuery(id));
  if (!data) return null;
  const sum = sumFiles(data.files);
  return (
    <section className="card running" aria-live="polite">
      <div className="col tight">
        <button type="button" className="link strong" onClick={onOpen}>
          {t('import.running', { source: data.source })}
        </button>
        <Progress value={100} animated striped aria-label={t('import.running', { source: data.source })} />
        <span className="dim small">{t('import.doneRows', { count: data.rows_done, n: f.n(data.rows_done) })}</span>
      </div>
      {(['new', 'changed', 'unchanged', 'rejected'] as const).map((key) => (
        <div className="running-n" key={key}>
          <b>{f.n(sum[key])}</b>
          <span className="dim small">{t(`import.col.${key}`)}</span>
        </div>
      ))}
    </section>
  );
}

function ImportPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const problem = useProblemText();
  const query = useQuery(importQuery(id));
  const undo = useUndoImport();
  const rejects = usePaged<Reject>(['rejects'], `/api/imports/${id}/rejects`);
  const data = query.data;
  const rejected = data ? sumFiles(data.files).rejected : 0;
  const columns: Column<Reject>[] = [
    { key: 'line', label: t('import.reject.line'), width: '64px', align: 'right', render: (r) => f.n(r.line) },
    {
      key: 'column',
      label: t('import.reject.column'),
      width: 'minmax(80px, 1fr)',
      render: (r) => <span title={r.column}>{r.column}</span>,
    },
    {
      key: 'reason',
      label: t('import.reject.reason'),
      width: 'minmax(120px, 1.6fr)',
      render: (r) => <span title={r.reason}>{r.reason}</span>,
    },
    {
      key: 'raw',
      label: t('import.reject.raw'),
      width: 'minmax(120px, 1.6fr)',
      render: (r) => (
        <span className="dim mono" title={r.raw.join(' | ')}>
          {r.raw.join(' | ')}
        </span>
      ),
    },
  ];
  return (
    <SidePanel wide title={t('import.one')} lead={data && f.dateTime(data.created_at)} onClose={onClose}>
      <Loaded query={query}>
        {(i) => (
          <>
            <div className="row wrap">
              <StateOf state={i.state} />
              <span className="dim">{i.source}</span>
              {i.state === 'done' && (
                <Button
                  className="end"
                  variant="default"
                  size="compact-sm"
                  leftSection={<IconArrowBackUp size={15} />}
                  loading={undo.isPending}
                  onClick={() =>
                    undo.mutate(id, { onSuccess: () => done(t('import.undone')), onError: (e) => failed(problem(e)) })
                  }
                >
                  {t('import.undo')}
                </Button>
              )}
            </div>
            {i.error && (
              <div className="note" data-tone="bad">
                {i.error}
              </div>
            )}
            <div className="scroll-x">
              <table className="plain-table">
                <thead>
                  <tr>
                    <th>{t('import.col.files')}</th>
                    {(['rows', 'new', 'changed', 'unchanged', 'rejected'] as const).map((key) => (
                      <th key={key} className="n">
                        {t(`import.col.${key}`)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {i.files.map((file) => (
                    <tr key={file.file}>
                      <td>{file.file}</td>
                      {(['rows', 'new', 'changed', 'unchanged', 'rejected'] as const).map((key) => (
                        <td key={key} className="n">
                          {f.n(file[key])}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <p className="dim small">{t('import.nothingLost')}</p>
          </>
        )}
      </Loaded>
      {rejected > 0 && (
        <section className="col grow">
          <div className="row">
            <h2 className="grow">{t('import.rejects')}</h2>
            <Button
              component="a"
              href={`/api/imports/${id}/rejects.csv`}
              download
              variant="default"
              size="compact-sm"
              leftSection={<IconDownload size={15} />}
            >
              {t('do.download')}
            </Button>
          </div>
          <p className="dim small">{t('import.rejectsText')}</p>
          {rejects.error ? (
            <ErrorNote error={rejects.error} retry={() => void rejects.refetch()} />
          ) : (
            <DataTable
              label={t('import.rejects')}
              columns={columns}
              rows={rejects.rows ?? []}
              rowKey={(r) => `${r.file}:${r.line}:${r.column}`}
              more={rejects.more}
              onMore={rejects.fetchMore}
              height={Math.min(420, 36 + Math.max(1, rejects.rows?.length ?? 6) * 35)}
            />
          )}
        </section>
      )}
    </SidePanel>
  );
}
