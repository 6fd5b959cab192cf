//! Files on their way in and out: streamed to the disk within bounds, judged there, kept in a folder or in the
//! database, and compared with their checksum whenever they are read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::{self, Bytes, BytesMut};
use diesel::prelude::*;
use epos_shared::api::account_applications::{AccountApplicationError, FileKind, MAX_FILE_SIZE, MAX_FILES};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::values::InvalidValue as _;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::content;
use super::store::FileRow;
use crate::app::Services;
use crate::config::FileStorage;
use crate::db::schema::application_file_pieces as pieces;
use crate::db::types::Id;
use crate::db::{Conn, DatabaseUrl, DbError};
use crate::error::ApiError;

/// Bytes that are written, or kept in a row, at a time.
const PIECE: usize = 256 * 1024;
/// How long the next bytes of a file may take, and all of them.
const PAUSE: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(600);
/// So many files come in at once.
const COMING_MOST: usize = 32;
/// How old a file of the folder must be to count as left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3_600);

/// Where the bytes of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Folder,
    Database,
}

impl Stored {
    /// Where new files go.
    pub(super) fn of(services: &Services) -> Self {
        match services.config.account_applications.storage {
            FileStorage::Folder => Self::Folder,
            FileStorage::Database => Self::Database,
            FileStorage::Auto => match services.db.url() {
                DatabaseUrl::Sqlite(_) => Self::Folder,
                DatabaseUrl::Postgres(_) => Self::Database,
            },
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Database => "database",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Folder, Self::Database].into_iter().find(|stored| stored.as_str() == word)
    }
}

/// A file that has come, and was judged; gone with this value unless it is kept.
#[derive(Debug)]
pub(super) struct Received {
    file: NamedTempFile,
    pub size: u64,
    pub sha256: Vec<u8>,
    pub kind: FileKind,
}

fn wrong(error: AccountApplicationError) -> ApiError {
    ApiError::validation(vec![error.at("file")])
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    web::block(work).await.map_err(ApiError::internal)?.map_err(ApiError::internal)
}

/// How many files of which applications are coming in.
static COMING: LazyLock<Mutex<HashMap<Id, usize>>> = LazyLock::new(Mutex::default);

/// The turn of a file to come in. Whoever begins many at once would else fill the disk before the first is counted.
#[derive(Debug)]
pub(super) struct Turn(Id);

impl Turn {
    /// # Errors
    /// `validation-failed` at `file`, where as many files of the application are coming in as it may have;
    /// `unavailable`, where too many of all do.
    pub(super) fn take(application: Id) -> Result<Self, ApiError> {
        let mut coming = COMING.lock().unwrap_or_else(PoisonError::into_inner);
        if coming.values().sum::<usize>() >= COMING_MOST {
            return Err(Problem::new(ProblemCode::Unavailable)
                .with_detail("Сейчас приходит слишком много файлов. Повторите через минуту.")
                .into());
        }
        let own = coming.entry(application).or_default();
        if *own >= MAX_FILES {
            return Err(wrong(AccountApplicationError::TooManyFiles));
        }
        *own += 1;
        Ok(Self(application))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut coming = COMING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = coming.get_mut(&self.0) {
            *own -= 1;
            if *own == 0 {
                coming.remove(&self.0);
            }
        }
    }
}

/// Takes the body of a request in.
///
/// # Errors
/// `body-too-large`, `malformed-body`, `validation-failed` at `file`; the disk refuses.
pub(super) async fn receive(services: &Services, body: web::Payload) -> Result<Received, ApiError> {
    tokio::time::timeout(WHOLE, receive_whole(services, body)).await.map_err(|_| broken_off())?
}

async fn receive_whole(services: &Services, mut body: web::Payload) -> Result<Received, ApiError> {
    let folder = match Stored::of(services) {
        // Beside its place: then it is moved there in one step.
        Stored::Folder => Some(services.config.account_applications.folder.clone()),
        Stored::Database => None,
    };
    let mut taking = on_disk(move || {
        let file = match folder {
            None => NamedTempFile::new()?,
            Some(folder) => {
                make_folder(&folder)?;
                tempfile::Builder::new().prefix("coming-").tempfile_in(folder)?
            }
        };
        Ok(Taking { file, hash: Sha256::new(), size: 0 })
    })
    .await?;
    let mut waiting = BytesMut::new();
    loop {
        let next = tokio::time::timeout(PAUSE, body.next()).await;
        let Some(bytes) = next.map_err(|_| broken_off())? else { break };
        waiting.extend_from_slice(&bytes.map_err(|_| broken_off())?);
        let size = taking.size + u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        if size > MAX_FILE_SIZE {
            return Err(Problem::new(ProblemCode::BodyTooLarge).with_detail("Файл не больше 10 МБ.").into());
        }
        if waiting.len() >= PIECE {
            taking = taking.write(waiting.split().freeze()).await?;
        }
    }
    taking = taking.write(waiting.freeze()).await?;
    let Taking { mut file, hash, size } = taking;
    let (file, judged) = on_disk(move || {
        let judged = content::judge(file.as_file_mut(), size)?;
        file.as_file().sync_all()?;
        Ok((file, judged))
    })
    .await?;
    Ok(Received { file, size, sha256: hash.finalize().to_vec(), kind: judged.map_err(wrong)? })
}

fn broken_off() -> ApiError {
    Problem::new(ProblemCode::MalformedBody)
        .with_detail("Файл оборвался на полпути. Отправьте его ещё раз.")
        .into()
}

/// A file while it comes.
struct Taking {
    file: NamedTempFile,
    hash: Sha256,
    size: u64,
}

impl Taking {
    async fn write(mut self, bytes: Bytes) -> Result<Self, ApiError> {
        on_disk(move || {
            self.file.write_all(&bytes)?;
            self.hash.update(&bytes);
            self.size += u64::try_from(bytes.len()).unwrap_or_default();
            Ok(self)
        })
        .await
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// What keeps a file in the transaction of its row: the bytes that go into the database, if they do.
#[derive(Debug, Clone)]
pub(super) struct Keeping(Option<Arc<NamedTempFile>>);

/// Prepares to keep a file under that identifier: in the folder it stands at its place before anybody knows of it.
pub(super) async fn prepare(services: &Services, id: Id, received: Received) -> Result<Keeping, ApiError> {
    let file = received.file;
    Ok(Keeping(match Stored::of(services) {
        Stored::Database => Some(Arc::new(file)),
        Stored::Folder => {
            let path = path_of(services, id);
            on_disk(move || file.persist(path).map(drop).map_err(|error| error.error)).await?;
            None
        }
    }))
}

impl Keeping {
    /// Writes the bytes, in the caller's write transaction, behind the row of the file.
    pub(super) fn write(&self, conn: &mut Conn, id: Id) -> Result<(), ApiError> {
        let Some(source) = &self.0 else { return Ok(()) };
        let mut file = File::open(source.path()).map_err(ApiError::internal)?;
        for place in 0_i32.. {
            let mut bytes = Vec::new();
            Read::by_ref(&mut file)
                .take(u64::try_from(PIECE).unwrap_or(u64::MAX))
                .read_to_end(&mut bytes)
                .map_err(ApiError::internal)?;
            if bytes.is_empty() {
                break;
            }
            diesel::insert_into(pieces::table)
                .values((pieces::file_id.eq(id), pieces::place.eq(place), pieces::bytes.eq(bytes)))
                .execute(conn)?;
        }
        Ok(())
    }
}

fn path_of(services: &Services, id: Id) -> PathBuf {
    services.config.account_applications.folder.join(id.to_string())
}

/// Removes files from their folder. Those of the database go with their rows.
pub(super) async fn remove(services: &Services, ids: Vec<Id>) {
    remove_paths(ids.into_iter().map(|id| path_of(services, id)).collect()).await;
}

/// Removes files; those that are gone already are no matter.
pub(super) async fn remove_paths(paths: Vec<PathBuf>) {
    let removed = on_disk(move || {
        for path in paths {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    });
    if let Err(error) = removed.await {
        tracing::error!(%error, "files of applications could not be removed");
    }
}

/// Files of the folder that were left behind by a process that has died: old, and (as far as their names tell) known
/// by this identifier, or still on their way in.
pub(super) async fn old(services: &Services) -> Result<Vec<(PathBuf, Option<Id>)>, ApiError> {
    let folder = services.config.account_applications.folder.clone();
    on_disk(move || {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut old = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let id = name.parse().ok().map(Id);
            // Anything else in the folder is none of ours.
            let is_ours = id.is_some() || name.starts_with("coming-");
            let is_old = entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > LEFT_BEHIND);
            if is_ours && is_old {
                old.push((entry.path(), id));
            }
        }
        Ok(old)
    })
    .await
}

/// The bytes of a file, at their beginning, once they are what its checksum says.
///
/// # Errors
/// They are not there, or others; the database fails.
pub(super) fn open(conn: &mut Conn, services: &Services, row: &FileRow) -> Result<File, ApiError> {
    let mut file = match row.stored()? {
        Stored::Folder => File::open(path_of(services, row.id)).map_err(ApiError::internal)?,
        Stored::Database => unpacked(conn, row.id)?,
    };
    file.rewind().map_err(ApiError::internal)?;
    let mut hash = Sha256::new();
    let mut bytes = vec![0; PIECE];
    loop {
        let length = file.read(&mut bytes).map_err(ApiError::internal)?;
        if length == 0 {
            break;
        }
        hash.update(bytes.get(..length).unwrap_or_default());
    }
    if hash.finalize().as_slice() != row.sha256 {
        return Err(ApiError::internal(format!("the file {} is not what its checksum says", row.id)));
    }
    file.rewind().map_err(ApiError::internal)?;
    Ok(file)
}

/// A file of the database in a file of the system that has no name.
fn unpacked(conn: &mut Conn, id: Id) -> Result<File, ApiError> {
    let mut file = tempfile::tempfile().map_err(ApiError::internal)?;
    for place in 0_i32.. {
        let piece: Option<Vec<u8>> =
            pieces::table.find((id, place)).select(pieces::bytes).first(conn).optional()?;
        let Some(piece) = piece else { break };
        file.write_all(&piece).map_err(ApiError::internal)?;
    }
    Ok(file)
}

/// Removes the pieces of files, in the caller's write transaction.
pub(super) fn remove_pieces(conn: &mut Conn, files: &[Id]) -> Result<(), DbError> {
    diesel::delete(pieces::table.filter(pieces::file_id.eq_any(files))).execute(conn)?;
    Ok(())
}
