import {
  ActionIcon,
  Button,
  Checkbox,
  FileButton,
  Modal,
  NativeSelect,
  SegmentedControl,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBooks, IconEdit, IconPlus, IconTrash, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { usePaged } from '~/api/paged';
import type { Category, LangCode, Page, Product } from '~/api/types';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';

export function CatalogueSettings() {
  const { t, i18n } = useTranslation();
  const lang = i18n.language as LangCode;
  const client = useQueryClient();
  const problem = useProblemText();
  const [editing, setEditing] = useState<Partial<Category>>();
  const categories = useQuery({
    queryKey: ['categories'],
    queryFn: ({ signal }) => api.get<Page<Category>>('/api/categories', undefined, signal),
  });
  const again = () => {
    void client.invalidateQueries({ queryKey: ['categories'] });
    void client.invalidateQueries({ queryKey: ['products'] });
  };
  const remove = useMutation({
    mutationFn: (c: Category) => api.del(`/api/categories/${c.id}`),
    onSuccess: again,
    onError: (error) => failed(problem(error)),
  });
  const upload = useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      form.append('file', file, file.name);
      return api.post('/api/products/catalogue', undefined, { form });
    },
    onSuccess: () => {
      done(t('catalogue.uploaded'));
      again();
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <>
      <Card
        flush
        title={t('catalogue.categories')}
        aside={
          <div className="row">
            <FileButton onChange={(file) => file && upload.mutate(file)} accept=".csv,text/csv">
              {(props) => (
                <Button
                  {...props}
                  size="compact-sm"
                  variant="default"
                  loading={upload.isPending}
                  leftSection={<IconUpload size={15} />}
                >
                  {t('catalogue.upload')}
                </Button>
              )}
            </FileButton>
            <Button size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => setEditing({})}>
              {t('do.add')}
            </Button>
          </div>
        }
      >
        <Loaded query={categories} skeleton={<BoneRows rows={5} />}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty icon={<IconBooks size={22} />} title={t('catalogue.none')}>
                {t('catalogue.noneText')}
              </Empty>
            ) : (
              <table className="plain-table">
                <tbody>
                  {page.items.map((c) => (
                    <tr key={c.id}>
                      <td className="strong">{c[`name_${lang}`] || c.key}</td>
                      <td className="dim">
                        {(['ru', 'uk', 'en'] as const)
                          .filter((l) => l !== lang)
                          .map((l) => c[`name_${l}`])
                          .filter(Boolean)
                          .join(' · ')}
                      </td>
                      <td className="n nowrap">
                        <div className="row tight end">
                          <ActionIcon
                            size={28}
                            variant="subtle"
                            color="gray"
                            aria-label={`${t('do.edit')}: ${c[`name_${lang}`]}`}
                            onClick={() => setEditing(c)}
                          >
                            <IconEdit size={16} />
                          </ActionIcon>
                          <ActionIcon
                            size={28}
                            variant="subtle"
                            color="gray"
                            aria-label={`${t('do.delete')}: ${c[`name_${lang}`]}`}
                            onClick={() => remove.mutate(c)}
                          >
                            <IconTrash size={16} />
                          </ActionIcon>
                        </div>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Card>
      <Products categories={categories.data?.items ?? []} />
      {editing && <CategoryForm category={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function CategoryForm({ category, onClose }: { category: Partial<Category>; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState({
    key: category.key ?? '',
    name_ru: category.name_ru ?? '',
    name_uk: category.name_uk ?? '',
    name_en: category.name_en ?? '',
    guide_url: category.guide_url ?? '',
  });
  const save = useMutation({
    mutationFn: () => {
      const body = { ...form, key: form.key || form.name_en.toLowerCase().replace(/[^a-z0-9]+/g, '-') };
      return category.id ? api.patch(`/api/categories/${category.id}`, body) : api.post('/api/categories', body);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['categories'] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('catalogue.category')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {(['ru', 'uk', 'en'] as const).map((l) => (
          <TextInput
            key={l}
            label={t('catalogue.nameIn', { lang: t(`lang.${l}`) })}
            required
            withAsterisk={false}
            value={form[`name_${l}`]}
            onChange={(e) => setForm({ ...form, [`name_${l}`]: e.target.value })}
          />
        ))}
        <TextInput
          label={t('catalogue.guide')}
          description={t('catalogue.guideText')}
          type="url"
          value={form.guide_url}
          onChange={(e) => setForm({ ...form, guide_url: e.target.value })}
        />
        {save.error && <ErrorNote error={save.error} />}
        <Button type="submit" loading={save.isPending}>
          {t('do.save')}
        </Button>
      </form>
    </Modal>
  );
}

function Products({ categories }: { categories: Category[] }) {
  const { t, i18n } = useTranslation();
  const f = useFormat();
  const lang = i18n.language as LangCode;
  const client = useQueryClient();
  const problem = useProblemText();
  const [bare, setBare] = useState('uncategorised');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text, 200);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const list = usePaged<Product>(['products'], '/api/products', {
    uncategorised: bare === 'uncategorised' ? 1 : undefined,
    search,
  });
  const put = useMutation({
    mutationFn: ({ ids, category }: { ids: string[]; category: string | null }) =>
      api.patch('/api/products', { ids, category_id: category }),
    onSuccess: (_, { ids }) => {
      setPicked(new Set());
      void client.invalidateQueries({ queryKey: ['products'] });
      done(t('catalogue.moved', { count: ids.length }), () => put.mutate({ ids, category: null }));
    },
    onError: (error) => failed(problem(error)),
  });
  const options = categories.map((c) => ({ value: c.id, label: c[`name_${lang}`] || c.key }));
  const columns: Column<Product>[] = [
    {
      key: 'pick',
      label: t('catalogue.moveTo'),
      quiet: true,
      width: '44px',
      render: (p) => (
        <Checkbox
          size="xs"
          aria-label={p.title}
          checked={picked.has(p.id)}
          onChange={() => {
            const next = new Set(picked);
            if (!next.delete(p.id)) next.add(p.id);
            setPicked(next);
          }}
        />
      ),
    },
    {
      key: 'title',
      label: t('catalogue.product'),
      width: 'minmax(180px, 2fr)',
      render: (p) => <span title={p.title}>{p.title}</span>,
    },
    { key: 'orders', label: t('people.col.orders'), width: '90px', align: 'right', render: (p) => f.n(p.orders) },
    {
      key: 'category',
      label: t('catalogue.category'),
      width: 'minmax(150px, 1fr)',
      render: (p) => (
        <NativeSelect
          size="xs"
          aria-label={`${t('catalogue.category')}: ${p.title}`}
          value={p.category_id ?? ''}
          data={[{ value: '', label: t('catalogue.uncategorised') }, ...options]}
          onChange={(e) => put.mutate({ ids: [p.id], category: e.currentTarget.value || null })}
        />
      ),
    },
  ];
  return (
    <Card title={t('catalogue.products')}>
      <div className="col">
        <div className="row wrap">
          <SegmentedControl
            value={bare}
            onChange={setBare}
            aria-label={t('catalogue.products')}
            data={[
              { value: 'uncategorised', label: t('catalogue.uncategorised') },
              { value: 'all', label: t('catalogue.allProducts') },
            ]}
          />
          <TextInput
            className="grow"
            placeholder={t('do.search')}
            aria-label={t('do.search')}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          {picked.size > 0 && (
            <NativeSelect
              aria-label={t('catalogue.moveTo')}
              value=""
              data={[{ value: '', label: t('catalogue.moveTo') }, ...options]}
              onChange={(e) =>
                e.currentTarget.value && put.mutate({ ids: [...picked], category: e.currentTarget.value })
              }
            />
          )}
        </div>
        {list.error ? (
          <ErrorNote error={list.error} retry={() => void list.refetch()} />
        ) : list.pending ? (
          <BoneRows rows={8} />
        ) : (
          <DataTable
            label={t('catalogue.products')}
            columns={columns}
            rows={list.rows ?? []}
            rowKey={(p) => p.id}
            rowHeight={40}
            more={list.more}
            onMore={list.fetchMore}
            height={420}
            empty={<Empty icon={<IconBooks size={22} />} title={t('catalogue.allDone')} />}
          />
        )}
      </div>
    </Card>
  );
}
