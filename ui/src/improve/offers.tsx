import { Button } from '@mantine/core';
import { IconGift, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { usePaged } from '~/api/paged';
import { useSession } from '~/app/router';
import { useCells } from '~/design/cells';
import { ExportMenu } from '~/design/chart';
import { type Column, DataTable } from '~/design/datatable';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { BoneRows, Empty, ErrorNote, Loaded } from '~/design/state';
import { offersQuery, useOfferGapName } from './api';
import { OfferPanel } from './offer';
import type { Offer, OfferCode } from './types';

/** What operators may offer to win a customer back, and what came of it. */
export function OffersPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const mayEdit = can(useSession(), 'launch');
  const offers = useQuery(offersQuery);
  const [open, setOpen] = useState<Offer | 'new'>();
  const [asked, setAsked] = useState<{ title: string; question: Record<string, string> }>();
  const ask = (o: Offer, redeemed: boolean) =>
    setAsked({
      title: `${o.name}: ${redeemed ? t('improve.offers.redeemed') : t('improve.offers.issued')}`,
      question: { offer: o.id, ...(redeemed ? { redeemed: 'true' } : {}) },
    });
  const money = (o: Offer) =>
    o.revenue.length > 0 ? o.revenue.map((m) => f.money(m.minor, m.currency)).join(' + ') : NONE;
  return (
    <Loaded query={offers} skeleton={<BoneRows rows={6} />}>
      {(page) => (
        <Card
          title={t('improve.offers.title')}
          aside={
            <>
              <ExportMenu
                name="offers"
                twin={{
                  head: [
                    t('improve.offers.name'),
                    t('improve.offers.issued'),
                    t('improve.offers.redeemed'),
                    t('improve.offers.revenue'),
                    t('improve.offers.cost'),
                  ],
                  rows: page.items.map((o) => ({
                    key: o.id,
                    cells: [o.name, o.issued, o.redeemed, money(o), cells.money(o.margin_cost)],
                  })),
                }}
              />
              {mayEdit && (
                <Button size="compact-md" leftSection={<IconPlus size={15} />} onClick={() => setOpen('new')}>
                  {t('do.add')}
                </Button>
              )}
            </>
          }
        >
          {page.items.length === 0 ? (
            <Empty icon={<IconGift size={22} />} title={t('improve.offers.none')}>
              {t('improve.offers.noneText')}
            </Empty>
          ) : (
            <div className="scroll-x">
              <table className="plain-table">
                <thead>
                  <tr>
                    <th>{t('improve.offers.name')}</th>
                    <th className="n">{t('improve.offers.issued')}</th>
                    <th className="n">{t('improve.offers.redeemed')}</th>
                    <th className="n">{t('improve.offers.revenue')}</th>
                    <th className="n">{t('improve.offers.cost')}</th>
                  </tr>
                </thead>
                <tbody>
                  {page.items.map((o) => (
                    <tr key={o.id}>
                      <td>
                        {mayEdit ? (
                          <button type="button" className="link strong" onClick={() => setOpen(o)}>
                            {o.name}
                          </button>
                        ) : (
                          <b>{o.name}</b>
                        )}{' '}
                        <span className="dim small">
                          {t(`improve.offers.kind.${o.kind}`)}
                          {o.kind === 'percent' && ` ${f.pct(o.percent / 100)}`}
                          {o.retired && ` · ${t('improve.offers.retired')}`}
                        </span>
                      </td>
                      <td className="n">
                        <button type="button" className="link num" disabled={!o.issued} onClick={() => ask(o, false)}>
                          {f.n(o.issued)}
                        </button>
                      </td>
                      <td className="n">
                        <button type="button" className="link num" disabled={!o.redeemed} onClick={() => ask(o, true)}>
                          {f.n(o.redeemed)}
                        </button>{' '}
                        <span className="dim small">{o.issued > 0 && f.pct(o.redeemed / o.issued, 0)}</span>
                      </td>
                      <td className="n">{money(o)}</td>
                      <td className="n">{f.money(o.margin_cost.minor, o.margin_cost.currency)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <p className="dim small">{t('improve.offers.note')}</p>
          {open && (
            <OfferPanel
              key={open === 'new' ? 'new' : `${open.id}${open.updated_at}`}
              offer={open === 'new' ? undefined : open}
              onClose={() => setOpen(undefined)}
            />
          )}
          {asked && <CodesPanel {...asked} onClose={() => setAsked(undefined)} />}
        </Card>
      )}
    </Loaded>
  );
}

function CodesPanel({
  title,
  question,
  onClose,
}: {
  title: string;
  question: Record<string, string>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const gapName = useOfferGapName();
  const list = usePaged<OfferCode>(['offer-codes'], '/api/offers/codes', question);
  const columns: Column<OfferCode>[] = [
    {
      key: 'name',
      label: t('people.col.name'),
      width: 'minmax(120px, 1.3fr)',
      render: (c) => <span className="strong">{c.name || t('people.unnamed')}</span>,
    },
    {
      key: 'code',
      label: t('improve.offers.code'),
      width: '80px',
      minor: true,
      render: (c) => <span className="num">…{c.code_end}</span>,
    },
    {
      key: 'why',
      label: t('improve.offers.why'),
      width: 'minmax(100px, 1fr)',
      minor: true,
      render: (c) => (c.why ? gapName(c.why) : NONE),
    },
    {
      key: 'operator',
      label: t('improve.talks.operator'),
      width: 'minmax(90px, 1fr)',
      minor: true,
      render: (c) => c.operator ?? NONE,
    },
    {
      key: 'at',
      label: t('improve.offers.issuedAt'),
      width: '118px',
      align: 'right',
      render: (c) => f.date(c.issued_at),
    },
    {
      key: 'order',
      label: t('improve.plan.order'),
      width: 'minmax(84px, 0.8fr)',
      align: 'right',
      render: (c) => (c.amount ? f.money(c.amount.minor, c.amount.currency) : NONE),
    },
  ];
  return (
    <SidePanel wide title={title} onClose={onClose}>
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={10} />
      ) : (
        <DataTable
          label={title}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(c) => c.id}
          onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.customer_id } })}
          more={list.more}
          onMore={list.fetchMore}
          empty={<Empty title={t('improve.offers.noCodes')} />}
        />
      )}
    </SidePanel>
  );
}
