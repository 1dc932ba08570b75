import './design/layers.css';
import '@mantine/core/styles.layer.css';
import '@fontsource-variable/inter/wght.css';
import './design/base.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { sessionQuery } from './access/session';
import { whenSignedOut } from './api/client';
import { queryClient } from './api/query';
import { router } from './app/router';
import { theme } from './design/theme';
import { startLanguage } from './i18n';

const scheme = localStorageColorSchemeManager({ key: 'otklik-scheme' });

whenSignedOut(() => {
  const path = router.state.location.pathname;
  if (path === '/login' || path === '/setup') return;
  queryClient.setQueryData(sessionQuery.queryKey, null);
  void router.invalidate();
});

// The question who is at the screen travels while the catalogue does.
void queryClient.prefetchQuery(sessionQuery);
await startLanguage();

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} colorSchemeManager={scheme} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
