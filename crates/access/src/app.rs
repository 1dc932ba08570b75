use std::{
    any::{Any, TypeId},
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use basis::{Fault, IdGenerator, Rng, SharedClock, Time, WorkspaceId};
use store::Db;

use crate::{Hub, MasterKey, limits::Failures};

/// What an installation is started with.
#[derive(Debug)]
pub struct AppConfig {
    pub db: Db,
    /// Real time.
    pub clock: SharedClock,
    pub rng: Rng,
    pub data_dir: PathBuf,
    pub master_key: MasterKey,
    /// The address that letters link to, without a slash at its end.
    pub public_url: String,
    /// Whether the person who started it gave `public_url`; without it nobody outside of this machine is written to.
    pub public_url_given: bool,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// What every workspace needs a key for.
pub(crate) const PURPOSES: [&str; 4] = ["links", "suppression", "verp", "tombstones"];

/// The running installation: cheap to clone, the state of every route.
#[derive(Debug, Clone)]
pub struct App {
    pub db: Db,
    pub clock: SharedClock,
    pub hub: Hub,
    pub data_dir: PathBuf,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ids: IdGenerator,
    rng: Mutex<Rng>,
    master_key: MasterKey,
    public_url: RwLock<String>,
    public_url_given: bool,
    trusted_proxies: Vec<IpAddr>,
    keys: RwLock<HashMap<(WorkspaceId, String), [u8; 32]>>,
    login_failures: Failures,
    kept: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl App {
    pub fn new(config: AppConfig) -> Self {
        let mut rng = config.rng;
        Self {
            db: config.db,
            clock: config.clock,
            hub: Hub::default(),
            data_dir: config.data_dir,
            inner: Arc::new(Inner {
                ids: IdGenerator::new(&mut rng),
                rng: Mutex::new(rng),
                master_key: config.master_key,
                public_url: RwLock::new(config.public_url),
                public_url_given: config.public_url_given,
                trusted_proxies: config.trusted_proxies,
                keys: RwLock::default(),
                login_failures: Failures::default(),
                kept: Mutex::default(),
            }),
        }
    }

    /// Real time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn next_id(&self) -> i64 {
        self.inner.ids.next(&*self.clock)
    }

    pub fn next_ids(&self, count: usize) -> Vec<i64> {
        self.inner.ids.take(&*self.clock, count)
    }

    /// Unguessable bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.inner.rng.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    pub fn public_url(&self) -> String {
        self.inner.public_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Once the listening port is known.
    pub fn set_public_url(&self, url: &str) {
        url.trim_end_matches('/')
            .clone_into(&mut self.inner.public_url.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn public_url_given(&self) -> bool {
        self.inner.public_url_given
    }

    pub fn trusts_proxy(&self, peer: IpAddr) -> bool {
        self.inner.trusted_proxies.contains(&peer)
    }

    pub fn master_key(&self) -> &MasterKey {
        &self.inner.master_key
    }

    /// What a slice keeps in memory for as long as the installation runs, one value a type.
    pub fn kept<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let value = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // The key is the type, so the value is of that type.
        Arc::clone(value).downcast().unwrap_or_default()
    }

    pub(crate) fn login_failures(&self) -> &Failures {
        &self.inner.login_failures
    }

    /// Keeps a secret of a workspace, sealed.
    pub async fn seal(&self, ws: WorkspaceId, name: &str, plain: &[u8]) -> Result<(), Fault> {
        let sealed = self.inner.master_key.seal(ws, name, plain, self.random())?;
        let mut tx = self.db.write().await?;
        store::execute!(
            tx,
            "INSERT INTO secrets (workspace_id, name, sealed, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (workspace_id, name) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at",
            ws.get(),
            name,
            sealed,
            self.now().millis()
        )?;
        tx.commit().await?;
        Ok(())
    }

    /// A secret of a workspace.
    pub async fn unseal(&self, ws: WorkspaceId, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.sealed(ws, name).await?.map(|sealed| self.inner.master_key.open(ws, name, &sealed)).transpose()
    }

    async fn sealed(&self, ws: WorkspaceId, name: &str) -> Result<Option<String>, Fault> {
        let mut tx = self.db.read().await?;
        let row = store::fetch_optional!(
            tx,
            (String,),
            "SELECT sealed FROM secrets WHERE workspace_id = $1 AND name = $2",
            ws.get(),
            name
        )?;
        Ok(row.map(|(sealed,)| sealed))
    }

    /// Of two processes that make the same key at once, both end with the first one's.
    async fn make_key(&self, ws: WorkspaceId, name: &str) -> Result<String, Fault> {
        let fresh = self.inner.master_key.seal(ws, name, &self.random::<32>(), self.random())?;
        let mut tx = self.db.write().await?;
        store::execute!(
            tx,
            "INSERT INTO secrets (workspace_id, name, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            ws.get(),
            name,
            fresh.as_str(),
            self.now().millis()
        )?;
        tx.commit().await?;
        Ok(self.sealed(ws, name).await?.unwrap_or(fresh))
    }

    /// A key of a workspace for one purpose, kept in the database, so that backups hold it and links in old letters stay good.
    /// Those of [`PURPOSES`] are there from the workspace's first moment and can be asked for inside a write transaction; any other
    /// is made on first use, which needs the writer.
    pub async fn key(&self, ws: WorkspaceId, purpose: &str) -> Result<[u8; 32], Fault> {
        let place = (ws, purpose.to_owned());
        if let Some(key) = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Ok(*key);
        }
        let name = format!("key.{purpose}");
        let sealed = match self.sealed(ws, &name).await? {
            Some(sealed) => sealed,
            None => self.make_key(ws, &name).await?,
        };
        let key: [u8; 32] = self
            .inner
            .master_key
            .open(ws, &name, &sealed)?
            .try_into()
            .map_err(|_| Fault::internal("key", format!("the key \"{name}\" has not 32 bytes")))?;
        self.inner.keys.write().unwrap_or_else(PoisonError::into_inner).insert(place, key);
        Ok(key)
    }
}
