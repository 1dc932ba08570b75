import { ActionIcon, Button, CopyButton, Modal, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import { IconCopy, IconKey, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Page } from '~/api/types';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import type { Role } from './session';

const ROLES: Role[] = ['administrator', 'marketer', 'supervisor', 'operator', 'client'];

function useRoles() {
  const { t } = useTranslation();
  return ROLES.map((value) => ({ value, label: t(`role.${value}`) }));
}

interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled: boolean;
}

export function UsersSettings() {
  const { t } = useTranslation();
  const roles = useRoles();
  const session = useSession();
  const client = useQueryClient();
  const problem = useProblemText();
  const [adding, setAdding] = useState(false);
  const users = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => api.get<Page<User>>('/api/users', undefined, signal),
  });
  const change = useMutation({
    mutationFn: ({ id, ...body }: { id: string; role?: Role; disabled?: boolean }) =>
      api.patch(`/api/users/${id}`, body),
    onSuccess: () => {
      done(t('state.saved'));
      void client.invalidateQueries({ queryKey: ['users'] });
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <Card
      flush
      title={t('settings.users')}
      aside={
        <Button size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          {t('do.add')}
        </Button>
      }
    >
      <Loaded query={users}>
        {(page) => (
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t('login.email')}</th>
                  <th>{t('people.col.name')}</th>
                  <th>{t('settings.role')}</th>
                  <th>{t('settings.active')}</th>
                </tr>
              </thead>
              <tbody>
                {page.items.map((u) => {
                  const me = u.id === session.user.id;
                  return (
                    <tr key={u.id}>
                      <td>{u.email}</td>
                      <td>{u.name}</td>
                      <td>
                        <Select
                          size="xs"
                          w={210}
                          aria-label={`${t('settings.role')}: ${u.email}`}
                          disabled={me}
                          data={roles}
                          value={u.role}
                          onChange={(role) => role && change.mutate({ id: u.id, role })}
                        />
                      </td>
                      <td>
                        <Switch
                          aria-label={`${t('settings.active')}: ${u.email}`}
                          disabled={me}
                          checked={!u.disabled}
                          onChange={(e) => change.mutate({ id: u.id, disabled: !e.currentTarget.checked })}
                        />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {adding && <AddUser onClose={() => setAdding(false)} />}
    </Card>
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const roles = useRoles();
  const client = useQueryClient();
  const [form, setForm] = useState({ email: '', name: '', password: '', role: 'operator' as Role });
  const add = useMutation({
    mutationFn: () => api.post('/api/users', form),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['users'] });
      done(t('settings.userAdded'));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('settings.addUser')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <TextInput
          label={t('login.email')}
          type="email"
          required
          withAsterisk={false}
          value={form.email}
          onChange={(e) => setForm({ ...form, email: e.target.value })}
        />
        <TextInput
          label={t('people.col.name')}
          required
          withAsterisk={false}
          value={form.name}
          onChange={(e) => setForm({ ...form, name: e.target.value })}
        />
        <Select
          label={t('settings.role')}
          data={roles}
          value={form.role}
          onChange={(role) => role && setForm({ ...form, role })}
        />
        <PasswordInput
          label={t('setup.password')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={10}
          value={form.password}
          onChange={(e) => setForm({ ...form, password: e.target.value })}
        />
        {add.error && <ErrorNote error={add.error} />}
        <Button type="submit" loading={add.isPending}>
          {t('do.add')}
        </Button>
      </form>
    </Modal>
  );
}

interface Token {
  id: string;
  name: string;
  role: Role;
  created_at: string;
}

export function TokensSettings() {
  const { t } = useTranslation();
  const f = useFormat();
  const roles = useRoles();
  const client = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('marketer');
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => api.get<Page<Token>>('/api/tokens', undefined, signal),
  });
  const again = () => void client.invalidateQueries({ queryKey: ['tokens'] });
  const add = useMutation({
    mutationFn: () => api.post<{ token: string }>('/api/tokens', { name, role }),
    onSuccess: () => {
      setName('');
      again();
    },
    onError: (error) => failed(problem(error)),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => api.del(`/api/tokens/${id}`),
    onSuccess: () => {
      done(t('settings.tokenRevoked'));
      again();
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <>
      <Card title={t('settings.newToken')}>
        <form
          className="row top wrap"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <TextInput
            className="grow"
            required
            placeholder={t('settings.tokenName')}
            aria-label={t('settings.tokenName')}
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
          <Select aria-label={t('settings.role')} data={roles} value={role} onChange={(r) => r && setRole(r)} />
          <Button type="submit" leftSection={<IconKey size={16} />} loading={add.isPending}>
            {t('do.add')}
          </Button>
        </form>
        {add.data && (
          <div className="note" data-tone="good" style={{ marginTop: 12 }}>
            <div className="grow col tight">
              <span>{t('settings.tokenOnce')}</span>
              <code className="mono">{add.data.token}</code>
            </div>
            <Copy value={add.data.token} />
          </div>
        )}
      </Card>
      <Card flush title={t('settings.tokens')}>
        <Loaded query={tokens}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty icon={<IconKey size={22} />} title={t('settings.noTokens')} />
            ) : (
              <table className="plain-table">
                <tbody>
                  {page.items.map((token) => (
                    <tr key={token.id}>
                      <td>{token.name}</td>
                      <td>{t(`role.${token.role}`)}</td>
                      <td className="n dim">{f.dateTime(token.created_at)}</td>
                      <td className="n">
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`${t('do.delete')}: ${token.name}`}
                          onClick={() => revoke.mutate(token.id)}
                        >
                          <IconTrash size={16} />
                        </ActionIcon>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}

export function Copy({ value }: { value: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" leftSection={<IconCopy size={14} />} onClick={copy}>
          {copied ? t('do.copied') : t('do.copy')}
        </Button>
      )}
    </CopyButton>
  );
}
