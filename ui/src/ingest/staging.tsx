import { Autocomplete, Button, NativeSelect, Progress, Switch } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Preview } from '~/api/types';
import { fileSize } from '~/design/file';
import { Card } from '~/design/page';
import { BoneRows, ErrorNote } from '~/design/state';
import { type FileChoice, mappingOf, previewFile, ROLES, type RoleName, sourcesQuery, startImport } from './api';

const ENCODINGS = ['UTF-8', 'windows-1251', 'KOI8-U', 'IBM866', 'windows-1252', 'UTF-16LE'];
const DELIMITERS = [',', ';', '\t', '|'];
const ORDERS = ['dmy', 'mdy', 'ymd'] as const;

function headerOf(preview: Preview): boolean {
  return preview.header_row !== null;
}

function isRole(value: string): value is RoleName {
  return (ROLES as readonly string[]).includes(value);
}

/** Roles without which a row cannot become what the file is for. */
function missing(preview: Preview, roles: string[]): RoleName[] {
  const has = (role: string) => roles.includes(role);
  const out: RoleName[] = [];
  if (preview.kind === 'order' && !has('order_date')) out.push('order_date');
  if (preview.kind === 'order' && !has('amount') && !(has('price') && has('quantity'))) out.push('amount');
  return out;
}

/** One dropped file: what was guessed stands over its first rows and can be set right there. */
export function Staged({
  file,
  onDone,
  onDrop,
}: {
  file: File;
  onDone: (importId: string) => void;
  onDrop: () => void;
}) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const sources = useQuery(sourcesQuery);
  const [preview, setPreview] = useState<Preview>();
  const [share, setShare] = useState(0);
  const [error, setError] = useState<unknown>();
  const [roles, setRoles] = useState<string[]>([]);
  const [choice, setChoice] = useState<FileChoice>();
  const [source, setSource] = useState('');
  const [busy, setBusy] = useState(false);
  const asked = useRef(0);

  const look = useCallback(
    async (wanted: Partial<FileChoice>) => {
      const turn = ++asked.current;
      setError(undefined);
      try {
        const next = await previewFile(file, wanted, setShare);
        if (turn !== asked.current) return;
        setPreview(next);
        setRoles(next.columns.map((c) => c.role || 'ignore'));
        setChoice({
          encoding: next.encoding ?? '',
          delimiter: next.delimiter ?? '',
          header: headerOf(next),
          date_order: next.date_order,
          currency: next.currency ?? '',
          ...wanted,
        });
        setSource((s) => s || next.suggested_source || file.name.replace(/\.[^.]+$/, ''));
      } catch (e) {
        if (turn === asked.current) setError(e);
      }
    },
    [file],
  );
  useEffect(() => {
    void look({});
  }, [look]);

  const start = async () => {
    if (!preview || !choice) return;
    setBusy(true);
    setError(undefined);
    try {
      const made = await startImport(preview.upload_id, source.trim(), mappingOf(preview, roles, choice));
      client.setQueryData(['import', made.id], made);
      await client.invalidateQueries({ queryKey: ['imports'] });
      onDone(made.id);
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };

  const lacks = preview ? missing(preview, roles) : [];
  const ambiguous = choice !== undefined && !/^(dmy|mdy|ymd)$/.test(choice.date_order) && roles.includes('order_date');
  const again = (change: Partial<FileChoice>) => {
    if (!choice) return;
    const next = { ...choice, ...change };
    setChoice(next);
    void look(next);
  };

  return (
    <Card
      flush
      title={
        <>
          {file.name} <span className="dim small">{fileSize(file.size, i18n.language)}</span>
        </>
      }
      aside={
        <div className="row wrap">
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconTrash size={15} />}
            onClick={onDrop}
          >
            {t('import.drop')}
          </Button>
          <Button
            onClick={() => void start()}
            loading={busy}
            disabled={!preview || ambiguous || lacks.length > 0 || !source.trim()}
            data-testid="start-import"
          >
            {t('import.start')}
          </Button>
        </div>
      }
    >
      {error !== undefined && (
        <div className="staged-pad">
          <ErrorNote error={error} retry={() => void look(choice ?? {})} />
        </div>
      )}
      {!preview && error === undefined && (
        <div className="staged-pad">
          <Progress value={share * 100} aria-label={t('import.reading')} mb={10} />
          <BoneRows rows={6} />
        </div>
      )}
      {preview && choice && (
        <>
          <div className="staged-guess">
            <Autocomplete
              label={t('import.source')}
              data={(sources.data?.items ?? []).map((s) => s.name)}
              value={source}
              onChange={setSource}
              description={undefined}
            />
            {choice.encoding !== '' && (
              <NativeSelect
                label={t('import.encoding')}
                value={choice.encoding}
                data={[...new Set([choice.encoding, ...ENCODINGS])]}
                onChange={(e) => again({ encoding: e.currentTarget.value })}
              />
            )}
            {choice.delimiter !== '' && (
              <NativeSelect
                label={t('import.delimiter')}
                value={choice.delimiter}
                data={[...new Set([choice.delimiter, ...DELIMITERS])].map((value) => ({
                  value,
                  label: value === '\t' ? t('import.tab') : value,
                }))}
                onChange={(e) => again({ delimiter: e.currentTarget.value })}
              />
            )}
            <NativeSelect
              label={t('import.dateOrder')}
              value={ambiguous ? '' : choice.date_order}
              error={ambiguous ? t('import.dateAmbiguous') : undefined}
              data={[
                ...(ambiguous ? [{ value: '', label: t('import.dateChoose') }] : []),
                ...ORDERS.map((value) => ({ value, label: t(`import.order.${value}`) })),
              ]}
              onChange={(e) => setChoice({ ...choice, date_order: e.currentTarget.value })}
            />
            <Switch
              label={t('import.header')}
              checked={choice.header}
              onChange={(e) => again({ header: e.currentTarget.checked })}
            />
          </div>
          {(preview.warnings.length > 0 || lacks.length > 0) && (
            <div className="staged-pad col tight">
              {preview.warnings.map((w) => (
                <div className="note" data-tone="warn" key={w.code + w.message}>
                  <IconAlertTriangle size={17} />
                  <span>{w.message}</span>
                </div>
              ))}
              {lacks.map((role) => (
                <div className="note" data-tone="warn" key={role}>
                  <IconAlertTriangle size={17} />
                  <span>{t('import.lacks', { role: t(`roleOf.${role}`) })}</span>
                </div>
              ))}
            </div>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
          <section className="staged-grid" tabIndex={0} aria-label={t('import.firstRows')}>
            <table>
              <thead>
                <tr>
                  {preview.columns.map((column, i) => {
                    const role = roles[i] ?? 'ignore';
                    return (
                      <th key={column.index} data-ignored={role === 'ignore' || undefined}>
                        <NativeSelect
                          size="xs"
                          aria-label={t('import.meaning', { column: column.header })}
                          value={role}
                          data={[...new Set([...ROLES, role])].map((value) => ({
                            value,
                            label: isRole(value) ? t(`roleOf.${value}`) : value,
                          }))}
                          onChange={(e) => {
                            const next = [...roles];
                            next[i] = e.currentTarget.value;
                            setRoles(next);
                          }}
                        />
                        <div className="row tight staged-head">
                          <span className="cut" title={column.header}>
                            {column.header}
                          </span>
                          {role !== 'ignore' && column.confidence >= 80 && role === column.role && (
                            <IconCheck size={13} className="good" aria-label={t('import.sure')} />
                          )}
                        </div>
                      </th>
                    );
                  })}
                </tr>
              </thead>
              <tbody>
                {preview.rows.map((row, r) => (
                  <tr key={r}>
                    {preview.columns.map((column, i) => (
                      <td key={column.index} data-ignored={roles[i] === 'ignore' || undefined}>
                        <span title={row[column.index]}>{row[column.index]}</span>
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </Card>
  );
}
