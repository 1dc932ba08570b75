import { Button } from '@mantine/core';
import { IconHeadset, IconMail, IconMessage, IconPlus, IconRoute, IconSend } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import type { Campaign, CampaignRow, ChannelKind } from '~/api/types';
import { useSession } from '~/app/router';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Page } from '~/design/page';
import { BoneRows, Empty, Loaded } from '~/design/state';
import { campaignQuery, campaignsQuery, reportQuery } from './api';
import './campaign.css';

const TONE: Record<Campaign['state'], string | undefined> = {
  draft: undefined,
  running: 'good',
  paused: 'warn',
  stopped: 'bad',
  finished: 'accent',
};

export function CampaignState({ state }: { state: Campaign['state'] }) {
  const { t } = useTranslation();
  return (
    <span className="pill" data-tone={TONE[state]}>
      {t(`campaign.state.${state}`)}
    </span>
  );
}

export function ChannelIcon({ channel, size = 16 }: { channel: ChannelKind; size?: number }) {
  if (channel === 'sms') return <IconMessage size={size} />;
  if (channel === 'call') return <IconHeadset size={size} />;
  return <IconMail size={size} />;
}

export function CampaignsPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const session = useSession();
  const list = useQuery(campaignsQuery);
  const columns: Column<CampaignRow>[] = [
    {
      key: 'name',
      label: t('campaign.name'),
      width: 'minmax(180px, 2fr)',
      render: (c) => (
        <span className="row tight">
          <span className="strong cut">{c.name}</span>
          {c.kind === 'journey' && <span className="pill">{t('journey.one')}</span>}
        </span>
      ),
    },
    { key: 'state', label: t('import.col.state'), width: '130px', render: (c) => <CampaignState state={c.state} /> },
    {
      key: 'waves',
      label: t('campaign.waves'),
      width: '150px',
      minor: true,
      render: (c) => (
        <div className="row tight">
          {c.waves.map((w, i) => (
            <span
              key={i}
              className="wave-dot"
              data-state={w.state}
              title={`${t(`channel.${w.channel}`)}: ${t(`wave.state.${w.state as 'waiting'}`)}`}
            >
              <ChannelIcon channel={w.channel} size={14} />
            </span>
          ))}
        </div>
      ),
    },
    { key: 'people', label: t('nav.people'), width: '96px', align: 'right', render: (c) => f.n(c.people) },
    {
      key: 'at',
      label: t('campaign.launched'),
      width: 'minmax(150px, 1fr)',
      minor: true,
      align: 'right',
      render: (c) => f.dateTime(c.launched_at),
    },
  ];
  const create = can(session, 'launch') && (
    <>
      <Button
        component={Link}
        to="/campaigns/new/edit?kind=journey"
        variant="default"
        leftSection={<IconRoute size={16} />}
      >
        {t('journey.new')}
      </Button>
      <Button component={Link} to="/campaigns/new/edit" leftSection={<IconPlus size={16} />}>
        {t('nav.newCampaign')}
      </Button>
    </>
  );
  return (
    <Page title={t('campaign.title')} lead={t('campaign.lead')} actions={create} fill>
      <Loaded query={list} skeleton={<BoneRows rows={6} />}>
        {(page) => (
          <DataTable
            label={t('campaign.title')}
            columns={columns}
            rows={page.items}
            rowKey={(c) => c.id}
            rowHeight={40}
            onHover={(c) => {
              void client.prefetchQuery(campaignQuery(c.id));
              if (c.state !== 'draft') void client.prefetchQuery(reportQuery(c.id));
            }}
            onOpen={(c) =>
              void navigate({
                to: c.state === 'draft' ? '/campaigns/$id/edit' : '/campaigns/$id',
                params: { id: c.id },
              })
            }
            empty={
              <Empty icon={<IconSend size={22} />} title={t('campaign.none')} action={create}>
                {t('campaign.noneText')}
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
