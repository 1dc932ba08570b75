import { Button, Modal, SegmentedControl } from '@mantine/core';
import { IconDownload, IconSpeakerphone } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Shapes } from '~/api/types';
import { useSession } from '~/app/router';
import { Waterfall } from '~/design/bars';
import { useFormat } from '~/design/format';
import { BoneRows, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { type Who, WhoPanel } from '~/identity/people-list';

const NETWORKS = [
  { value: 'google', label: 'Google Ads' },
  { value: 'meta', label: 'Meta' },
  { value: 'yandex', label: 'Yandex' },
];

/** A file of hashed contacts for an advertising network: who consented to that, and who is left out and why. */
export function Advertising({ segment }: { segment: { id: string; name: string } }) {
  const { t } = useTranslation();
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!can(session, 'launch')) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconSpeakerphone size={16} />} onClick={() => setOpen(true)}>
        {t('ads.action')}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('ads.title')} size="lg">
        <Form segment={segment} />
      </Modal>
    </>
  );
}

function Form({ segment }: { segment: { id: string } }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const [network, setNetwork] = useState('google');
  const [who, setWho] = useState<Who>();
  const path = `/api/segments/${segment.id}/advertising`;
  const counts = useQuery({
    queryKey: ['advertising', segment.id],
    staleTime: 0,
    queryFn: ({ signal }) => api.get<Shapes['AdAudienceBody']>(path, undefined, signal),
  });
  const ask = (title: string, code: string) =>
    setWho({ title, question: { key: ['advertising-people', segment.id], path: `${path}/people`, query: { code } } });
  return (
    <div className="col">
      <p className="dim">{t('ads.text')}</p>
      <SegmentedControl aria-label={t('ads.network')} value={network} onChange={setNetwork} data={NETWORKS} />
      <Loaded query={counts} skeleton={<BoneRows rows={5} />}>
        {(c) => (
          <>
            <Waterfall
              steps={[
                { key: 'base', label: t('waterfall.base'), value: c.base, kind: 'total' },
                ...c.steps.map((step) => ({
                  key: step.code,
                  label: word(`excluded.${step.code}`),
                  value: step.count,
                  kind: 'minus' as const,
                  onOpen: () => ask(word(`excluded.${step.code}`), step.code),
                })),
                {
                  key: 'remaining',
                  label: t('ads.inFile'),
                  value: c.people,
                  kind: 'total',
                  onOpen: () => ask(t('ads.inFile'), 'remaining'),
                },
              ]}
            />
            {c.people === 0 ? (
              <div className="note" data-tone="warn">
                <span className="grow">{t('ads.nobody')}</span>
                <Link to="/settings" search={{ tab: 'consent' }}>
                  {t('ads.toBasis')}
                </Link>
              </div>
            ) : (
              <>
                <p className="num">{t('ads.contains', { emails: f.n(c.emails), phones: f.n(c.phones) })}</p>
                {c.people < c.least && (
                  <div className="note" data-tone="warn">
                    {t('ads.few', { least: f.n(c.least) })}
                  </div>
                )}
                <div className="row">
                  <Button
                    component="a"
                    href={`${path}.csv?network=${network}`}
                    download
                    leftSection={<IconDownload size={16} />}
                  >
                    {t('ads.download')}
                  </Button>
                </div>
              </>
            )}
          </>
        )}
      </Loaded>
      {who && (
        <WhoPanel
          who={who}
          onClose={() => setWho(undefined)}
          onOpen={(row) => void navigate({ to: '/people/$id', params: { id: row.id } })}
        />
      )}
    </div>
  );
}
