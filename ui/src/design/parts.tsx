import { Tabs } from '@mantine/core';
import { type ComponentType, Suspense } from 'react';
import { BoneFigures } from '~/design/state';

/** The parts of a page as tabs; each part is loaded when it is opened. */
export function Parts<Name extends string>({
  value,
  names,
  bodies,
  label,
  onChange,
}: {
  value: Name;
  names: Name[];
  bodies: Record<Name, ComponentType>;
  label: (name: Name) => string;
  onChange: (value: string | null) => void;
}) {
  return (
    <Tabs value={value} keepMounted={false} onChange={onChange}>
      <Tabs.List>
        {names.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {label(name)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {names.map((name) => {
        const Body: ComponentType = bodies[name];
        return (
          <Tabs.Panel key={name} value={name} pt={16}>
            <Suspense
              fallback={
                <div aria-busy="true">
                  <BoneFigures count={5} />
                </div>
              }
            >
              <Body />
            </Suspense>
          </Tabs.Panel>
        );
      })}
    </Tabs>
  );
}
