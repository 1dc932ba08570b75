import { Button, Menu, Modal, Tabs } from '@mantine/core';
import { IconDotsVertical, IconDownload, IconEdit, IconEraser, IconGitMerge } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { CustomerCard, GraphData } from '~/api/types';
import { useSession } from '~/app/router';
import { SendToJourney } from '~/campaign/journey';
import { saveText } from '~/design/file';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { Bone, BoneRows, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { Forecast } from '~/insight/forecast';
import { PathStrip } from '~/insight/path-strip';
import { cardQuery } from './api';
import { CorrectForm } from './correct';
import { Addresses, CardFacts, ConsentList, Contacts, MergeItem, Orders } from './customer';
import { PairDialog } from './pair';
import { StagePill } from './people-list';
import { History } from './timeline';

const Graph = lazy(() => import('./graph'));

export function CardPage() {
  const { id } = useParams({ from: '/inside/people/$id' });
  const { tab = 'timeline' } = useSearch({ from: '/inside/people/$id' });
  const { t } = useTranslation();
  const navigate = useNavigate();
  const card = useQuery(cardQuery(id));
  const [correcting, setCorrecting] = useState(false);
  const [erasing, setErasing] = useState(false);
  const [joining, setJoining] = useState(false);
  return (
    <Page
      title={card.data?.name || t('people.one')}
      lead={card.data && <Lead card={card.data} />}
      actions={
        card.data && (
          <Actions
            card={card.data}
            onCorrect={() => setCorrecting(true)}
            onJoin={() => setJoining(true)}
            onErase={() => setErasing(true)}
          />
        )
      }
    >
      <Loaded
        query={card}
        skeleton={
          <div className="main-aside">
            <BoneRows rows={10} />
            <Bone h={320} r={10} />
          </div>
        }
      >
        {(c) => (
          <div className="main-aside">
            <Card>
              <Tabs
                value={tab}
                onChange={(value) =>
                  void navigate({
                    to: '/people/$id',
                    params: { id },
                    search: { tab: value ?? undefined },
                    replace: true,
                  })
                }
                keepMounted={false}
              >
                <Tabs.List mb={14}>
                  <Tabs.Tab value="timeline">{t('card.timeline')}</Tabs.Tab>
                  <Tabs.Tab value="orders">
                    {t('card.orders')} <span className="dim">{c.orders.length}</span>
                  </Tabs.Tab>
                  <Tabs.Tab value="merges">
                    {t('card.merges')} <span className="dim">{c.merges.length}</span>
                  </Tabs.Tab>
                  <Tabs.Tab value="graph">{t('card.graph')}</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="timeline">
                  <History id={id} />
                </Tabs.Panel>
                <Tabs.Panel value="orders">
                  <Orders card={c} />
                </Tabs.Panel>
                <Tabs.Panel value="merges">
                  <p className="dim small">{t('merge.explain')}</p>
                  <ul className="merges">
                    {c.merges.map((m) => (
                      <MergeItem key={m.id} merge={m} />
                    ))}
                  </ul>
                  {c.merges.length === 0 && <p>{t('merge.noneHere')}</p>}
                </Tabs.Panel>
                <Tabs.Panel value="graph">
                  <GraphTab id={id} />
                </Tabs.Panel>
              </Tabs>
            </Card>
            <div className="col">
              <Card title={t('card.contacts')}>
                <Contacts card={c} />
              </Card>
              <Card title={t('card.addresses')}>
                <Addresses card={c} />
              </Card>
              <Card title={t('card.about')}>
                <CardFacts card={c} />
                <PathStrip id={id} />
              </Card>
              <Forecast id={id} />
              <Card title={t('card.consents')}>
                <ConsentList card={c} />
                {c.preferences.length > 0 && <Interests card={c} />}
              </Card>
            </div>
          </div>
        )}
      </Loaded>
      {card.data && correcting && <CorrectForm card={card.data} onClose={() => setCorrecting(false)} />}
      {card.data && joining && <PairDialog id={card.data.id} onClose={() => setJoining(false)} />}
      {card.data && erasing && <Erase card={card.data} onClose={() => setErasing(false)} />}
    </Page>
  );
}

function Lead({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  return (
    <div className="row wrap tight">
      <StagePill stage={card.stage} />
      {card.dead && (
        <span className="pill" data-tone="bad">
          {t('card.dead')}
        </span>
      )}
      {card.completeness && (
        <span className="pill">
          {t('card.complete', {
            share: f.pct(card.completeness.score > 1 ? card.completeness.score / 100 : card.completeness.score, 0),
          })}
        </span>
      )}
      {card.completeness && card.completeness.missing.length > 0 && (
        <span className="dim small">
          {t('card.missing', {
            list: f.list(card.completeness.missing.map((m) => word(`field.${m}`).toLocaleLowerCase())),
          })}
        </span>
      )}
    </div>
  );
}

function Interests({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  return (
    <div className="row wrap tight" style={{ marginTop: 10 }}>
      <span className="dim small">{t('card.interests')}</span>
      {card.preferences
        .filter((p) => p.chosen !== false)
        .map((p) => (
          <span key={p.category_id ?? p.name} className="pill" data-tone="accent">
            {p.name ?? p.category_id}
          </span>
        ))}
    </div>
  );
}

function Actions({
  card,
  onCorrect,
  onJoin,
  onErase,
}: {
  card: CustomerCard;
  onCorrect: () => void;
  onJoin: () => void;
  onErase: () => void;
}) {
  const { t } = useTranslation();
  const session = useSession();
  const problem = useProblemText();
  const all = useMutation({
    mutationFn: () => api.post<object>(`/api/customers/${card.id}/export`),
    onSuccess: (data) => saveText(`customer-${card.id}.json`, JSON.stringify(data, null, 2), 'application/json'),
    onError: (error) => failed(problem(error)),
  });
  return (
    <>
      <Button variant="default" leftSection={<IconEdit size={16} />} onClick={onCorrect}>
        {t('card.correct')}
      </Button>
      {can(session, 'people') && (
        <Button variant="default" leftSection={<IconGitMerge size={16} />} onClick={onJoin}>
          {t('pair.action')}
        </Button>
      )}
      <SendToJourney whom={{ customer_ids: [card.id] }} />
      {can(session, 'settings') && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" px={9} aria-label={t('do.more')}>
              <IconDotsVertical size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => all.mutate()}>
              {t('card.export')}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconEraser size={16} />} onClick={onErase}>
              {t('card.erase')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}

function GraphTab({ id }: { id: string }) {
  const graph = useQuery({
    queryKey: ['graph', id],
    queryFn: ({ signal }) => api.get<GraphData>(`/api/customers/${id}/graph`, undefined, signal),
  });
  return (
    <Loaded query={graph} skeleton={<Bone h={460} r={10} />}>
      {(data) => (
        <Suspense fallback={<Bone h={460} r={10} />}>
          <Graph data={data} />
        </Suspense>
      )}
    </Loaded>
  );
}

/** Erasure cannot be undone, so it is one of the few things that ask first. */
function Erase({ card, onClose }: { card: CustomerCard; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const problem = useProblemText();
  const erase = useMutation({
    mutationFn: () => api.post(`/api/customers/${card.id}/erase`),
    onSuccess: async () => {
      done(t('card.erased'));
      client.removeQueries({ queryKey: ['customer', card.id] });
      await navigate({ to: '/people' });
      void client.invalidateQueries();
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <Modal opened onClose={onClose} title={t('card.eraseTitle', { name: card.name })}>
      <div className="col">
        <p>{t('card.eraseText')}</p>
        <div className="row">
          <Button color="red" loading={erase.isPending} onClick={() => erase.mutate()}>
            {t('card.erase')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('do.cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
