import {
  ActionIcon,
  Button,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { IconBan, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { campaignsQuery } from '~/campaign/api';
import { useWord } from '~/i18n/word';
import {
  change,
  type FieldInfo,
  type Group,
  group,
  type Line,
  line,
  type Node,
  needsValue,
  optionsOf,
  startValue,
} from './rule';
import './builder.css';

export function Builder({
  root,
  fields,
  currencyDigits = 2,
  onChange,
}: {
  root: Group;
  fields: FieldInfo[];
  currencyDigits?: number;
  onChange: (root: Group) => void;
}) {
  const edit = (key: string, with_: (node: Node) => Node | undefined) => onChange(change(root, key, with_));
  return <GroupBox node={root} fields={fields} digits={currencyDigits} edit={edit} top />;
}

type Edit = (key: string, with_: (node: Node) => Node | undefined) => void;

function GroupBox({
  node,
  fields,
  digits,
  edit,
  top,
}: {
  node: Group;
  fields: FieldInfo[];
  digits: number;
  edit: Edit;
  top?: boolean;
}) {
  const { t } = useTranslation();
  const set = (part: Partial<Group>) => edit(node.key, (n) => (n.kind === 'group' ? { ...n, ...part } : n));
  const first = fields[0];
  return (
    <div className="rule-group" data-top={top || undefined} data-not={node.not || undefined}>
      <div className="row wrap">
        <SegmentedControl
          aria-label={t('segment.join')}
          value={node.join}
          onChange={(v) => set({ join: v as 'all' | 'any' })}
          data={[
            { value: 'all', label: t('segment.all') },
            { value: 'any', label: t('segment.any') },
          ]}
        />
        <NotButton on={node.not} onClick={() => set({ not: !node.not })} />
        {!top && (
          <ActionIcon
            className="end"
            variant="subtle"
            color="gray"
            aria-label={t('do.delete')}
            onClick={() => edit(node.key, () => undefined)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </div>
      <div className="rule-items">
        {node.items.map((item) =>
          item.kind === 'group' ? (
            <GroupBox key={item.key} node={item} fields={fields} digits={digits} edit={edit} />
          ) : (
            <LineBox key={item.key} node={item} fields={fields} digits={digits} edit={edit} />
          ),
        )}
        {node.items.length === 0 && <p className="dim small">{t('segment.emptyGroup')}</p>}
      </div>
      <div className="row wrap">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={!first}
          onClick={() => first && set({ items: [...node.items, line(first)] })}
        >
          {t('segment.addLine')}
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          leftSection={<IconPlus size={14} />}
          disabled={!first}
          onClick={() =>
            first && set({ items: [...node.items, group(node.join === 'all' ? 'any' : 'all', [line(first)])] })
          }
        >
          {t('segment.addGroup')}
        </Button>
      </div>
    </div>
  );
}

function NotButton({ on, onClick }: { on: boolean; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <Button
      size="compact-sm"
      variant={on ? 'filled' : 'subtle'}
      color={on ? 'red' : 'gray'}
      aria-pressed={on}
      leftSection={<IconBan size={14} />}
      onClick={onClick}
    >
      {t('segment.not')}
    </Button>
  );
}

function LineBox({ node, fields, digits, edit }: { node: Line; fields: FieldInfo[]; digits: number; edit: Edit }) {
  const { t } = useTranslation();
  const word = useWord();
  const field = fields.find((x) => x.key === node.field);
  const set = (part: Partial<Line>) => edit(node.key, (n) => (n.kind === 'line' ? { ...n, ...part } : n));
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const x of fields) {
    const list = groups.get(x.group) ?? [];
    list.push({ value: x.key, label: word(`segmentField.${x.key}`) });
    groups.set(x.group, list);
  }
  return (
    <div className="rule-line" data-not={node.not || undefined}>
      <Select
        className="rule-field"
        searchable
        aria-label={t('segment.field')}
        data={[...groups].map(([name, items]) => ({ group: word(`segmentGroup.${name}`), items }))}
        value={node.field}
        onChange={(value) => {
          const info = fields.find((x) => x.key === value);
          if (info) set({ ...line(info), key: node.key, not: node.not, days: undefined, campaign: undefined });
        }}
      />
      <Select
        className="rule-op"
        aria-label={t('segment.op')}
        data={(field?.ops ?? [node.op]).map((op) => ({ value: op, label: word(`op.${op}`) }))}
        value={node.op}
        onChange={(op) => op && set({ op, value: field ? startValue(field, op) : node.value })}
      />
      {field && needsValue(node.op) && (
        <Value field={field} node={node} digits={digits} onChange={(value) => set({ value })} />
      )}
      {field?.windowed && (
        <NumberInput
          className="rule-small"
          aria-label={t('segment.window')}
          placeholder={t('segment.ever')}
          prefix={t('segment.windowPrefix')}
          suffix={t('segment.windowSuffix')}
          min={1}
          value={node.days ?? ''}
          onChange={(v) => set({ days: Number(v) || undefined })}
        />
      )}
      {field?.of_campaign && <CampaignOf value={node.campaign} onChange={(campaign) => set({ campaign })} />}
      <NotButton on={node.not} onClick={() => set({ not: !node.not })} />
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t('do.delete')}
        onClick={() => edit(node.key, () => undefined)}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </div>
  );
}

function CampaignOf({ value, onChange }: { value?: string; onChange: (id: string | undefined) => void }) {
  const { t } = useTranslation();
  const campaigns = useQuery(campaignsQuery);
  return (
    <Select
      className="rule-wide"
      aria-label={t('campaign.one')}
      value={value ?? ''}
      data={[
        { value: '', label: t('segment.anyCampaign') },
        ...(campaigns.data?.items ?? []).map((c) => ({ value: c.id, label: c.name })),
      ]}
      onChange={(id) => onChange(id || undefined)}
    />
  );
}

function Value({
  field,
  node,
  digits,
  onChange,
}: {
  field: FieldInfo;
  node: Line;
  digits: number;
  onChange: (value: unknown) => void;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const label = t('segment.value');
  const scale = field.type === 'money' ? 10 ** digits : 1;
  const days = field.type === 'days' || node.op === 'within_days' || node.op === 'older_days';
  const options = optionsOf(field).map((o) => ({ value: o.value, label: o.label || word(`segmentValue.${o.value}`) }));
  const number = (value: unknown, put: (v: number) => void, key?: string) => (
    <NumberInput
      key={key}
      className="rule-small"
      aria-label={label}
      value={value === '' || value === undefined || value === null ? '' : Number(value) / (days ? 1 : scale)}
      suffix={days ? ` ${t('unit.days', { count: Number(value) || 0 })}` : undefined}
      min={0}
      onChange={(v) => put(Math.round(Number(v || 0) * (days ? 1 : scale)))}
    />
  );
  if (field.type === 'bool')
    return (
      <Switch
        aria-label={label}
        checked={node.value === true}
        label={node.value === true ? t('state.yes') : t('state.no')}
        onChange={(e) => onChange(e.currentTarget.checked)}
      />
    );
  if (node.op === 'in' || node.op === 'not_in') {
    const list = Array.isArray(node.value) ? node.value.map(String) : [];
    return options.length > 0 ? (
      <MultiSelect
        className="rule-wide"
        aria-label={label}
        data={options}
        value={list}
        onChange={onChange}
        searchable
      />
    ) : (
      <TagsInput className="rule-wide" aria-label={label} value={list} onChange={onChange} />
    );
  }
  if (options.length > 0)
    return (
      <Select
        className="rule-wide"
        aria-label={label}
        data={options}
        value={String(node.value ?? '')}
        onChange={onChange}
        searchable
      />
    );
  if (node.op === 'between') {
    const [low, high] = Array.isArray(node.value) ? node.value : [undefined, undefined];
    if (field.type === 'date')
      return (
        <>
          <TextInput
            type="date"
            aria-label={label}
            value={String(low ?? '')}
            onChange={(e) => onChange([e.target.value, high])}
          />
          <TextInput
            type="date"
            aria-label={label}
            value={String(high ?? '')}
            onChange={(e) => onChange([low, e.target.value])}
          />
        </>
      );
    return (
      <>
        {number(low, (v) => onChange([v, high]), 'low')}
        {number(high, (v) => onChange([low, v]), 'high')}
      </>
    );
  }
  if (field.type === 'number' || field.type === 'money' || days) return number(node.value, onChange);
  if (field.type === 'date')
    return (
      <TextInput
        type="date"
        aria-label={label}
        value={String(node.value ?? '')}
        onChange={(e) => onChange(e.target.value)}
      />
    );
  return (
    <TextInput
      className="rule-wide"
      aria-label={label}
      value={String(node.value ?? '')}
      onChange={(e) => onChange(e.target.value)}
    />
  );
}
