import { IconHistory } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { BoneRows, Empty, ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';

interface Entry {
  id: string;
  at: string;
  actor_kind: string;
  actor: string;
  action: string;
  subject_kind: string;
  subject_id: string;
  detail: unknown;
}

export function AuditSettings() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const list = usePaged<Entry>(['audit'], '/api/audit');
  const columns: Column<Entry>[] = [
    { key: 'at', label: t('import.col.at'), width: '168px', render: (e) => f.dateTime(e.at) },
    {
      key: 'who',
      label: t('audit.who'),
      width: 'minmax(140px, 1.2fr)',
      minor: true,
      render: (e) => <span>{e.actor || word(`audit.actor.${e.actor_kind}`)}</span>,
    },
    {
      key: 'what',
      label: t('audit.what'),
      width: 'minmax(150px, 1.3fr)',
      render: (e) => <span>{word(`audit.action.${e.action}`)}</span>,
    },
    {
      key: 'whom',
      label: t('audit.whom'),
      width: 'minmax(120px, 1fr)',
      minor: true,
      render: (e) => <span className="dim">{`${word(`audit.subject.${e.subject_kind}`)} ${e.subject_id}`}</span>,
    },
    {
      key: 'detail',
      label: t('audit.detail'),
      width: 'minmax(140px, 1.4fr)',
      minor: true,
      render: (e) => <span className="mono dim">{e.detail ? JSON.stringify(e.detail) : ''}</span>,
    },
  ];
  if (list.error) return <ErrorNote error={list.error} retry={() => void list.refetch()} />;
  if (list.pending) return <BoneRows rows={12} />;
  return (
    <>
      <p className="dim">{t('audit.text')}</p>
      <DataTable
        label={t('settings.audit')}
        columns={columns}
        rows={list.rows ?? []}
        rowKey={(e) => e.id}
        more={list.more}
        onMore={list.fetchMore}
        height={560}
        empty={<Empty icon={<IconHistory size={22} />} title={t('audit.none')} />}
      />
    </>
  );
}
