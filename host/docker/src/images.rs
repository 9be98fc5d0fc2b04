//! Images: what a reference means, whether one is there, fetching it, and a tag of our own that keeps it.
//!
//! An image is pinned as its id, with the repository's digest beside it where there is one: imported images have none.
//! A container is created from the id; the reference is only what people call it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;

use bollard::query_parameters::{CreateImageOptions, ListImagesOptions, RemoveImageOptions, TagImageOptions};
use futures_util::StreamExt as _;

use super::View;
use super::client::{CHANGE_LIMIT, Client};
use super::errors::EngineError;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;
use reforge_base::threads;
use reforge_runtime::ImageAtHand;

/// Repository of the tags that keep images from `docker image prune`. Nobody pulls or pushes it.
const KEPT: &str = "reforge-kept";
/// What runs, and what ran before it.
const IMAGES_KEPT: usize = 2;
/// How long a registry may take to send an image.
const FETCH_LIMIT: std::time::Duration = std::time::Duration::from_secs(3600);
/// How soon a fetch is given up when somebody cancels.
const CANCEL_POLL: std::time::Duration = std::time::Duration::from_millis(100);
/// Between two words about a fetch.
const TELL_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

/// The id of what the spec's reference means now.
pub(crate) fn find_id(client: &Client, spec: &DeploySpec) -> Result<String> {
    let doing = message!("find-the-image", image = escape::text(&spec.image));
    find(client, &spec.image).map_err(client.failed(&doing))?.ok_or_else(|| not_there(&spec.image))
}

/// Whether what was deployed is still there, whatever its reference means now.
pub(crate) fn at_hand(client: &Client, spec: &DeploySpec) -> Result<ImageAtHand> {
    let doing = message!("find-the-image", image = escape::text(&spec.image));

    let now = find(client, &spec.image).map_err(client.failed(&doing))?;
    if spec.image_digest.is_empty() {
        return now
            .map_or_else(|| Err(not_there(&spec.image)), |now| Ok(ImageAtHand { now: Some(now), pinned: false }));
    }
    match find(client, &spec.image_digest).map_err(client.failed(&doing))? {
        Some(_) => Ok(ImageAtHand { now, pinned: true }),
        None => {
            let (image, id) = (escape::text(&spec.image), escape::text(&spec.image_digest));
            let message = message!("the-image-that-runs", image, id);
            Err(Failure::new(Code::NotFound, message).hint(message!("pull-or-load-exactly-that-image")))
        }
    }
}

/// The id to create a container from: the pinned one.
pub(crate) fn pinned(client: &Client, spec: &DeploySpec) -> Result<String> {
    let at_hand = at_hand(client, spec)?;
    match at_hand.now {
        Some(now) if !at_hand.pinned => Ok(now),
        _ => Ok(spec.image_digest.clone()),
    }
}

fn find(client: &Client, image: &str) -> Result<Option<String>, EngineError> {
    match client.ask(|docker| docker.inspect_image(image)) {
        Ok(inspect) => Ok(inspect.id),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fetches it unless it is there.
pub(crate) fn fetch(
    client: &Client,
    spec: &DeploySpec,
    tell: &dyn Fn(&Message),
    cancelled: &dyn Fn() -> bool,
) -> Result<()> {
    let shown = escape::text(&spec.image);
    let doing = message!("pull-the-image", shown);
    if find(client, &spec.image).map_err(client.failed(&doing))?.is_some() {
        return Ok(());
    }
    tell(&message!("is-not-there-asking-its-registry", shown));
    let options = CreateImageOptions {
        from_image: Some(spec.image.clone()),
        // A reference without a tag would fetch every tag there is.
        tag: (!has_tag(&spec.image)).then(|| "latest".to_owned()),
        ..Default::default()
    };
    let (said, heard) = std::sync::mpsc::channel();
    let given_up = &AtomicBool::new(false);
    let pulled = std::thread::scope(|scope| {
        let pull = threads::spawn_in(scope, "pull", move || {
            client.change("docker-pull", FETCH_LIMIT, |docker| async move {
                let mut progress = std::pin::pin!(docker.create_image(Some(options), None, None));
                // The engine gives up a pull whose client goes away.
                while !given_up.load(Ordering::Relaxed) {
                    match tokio::time::timeout(CANCEL_POLL, progress.next()).await {
                        // Nobody may listen any more.
                        Ok(Some(line)) => said.send(line?).unwrap_or_default(),
                        Ok(None) => break,
                        // The registry may be silent for long.
                        Err(_) => {}
                    }
                }
                Ok(())
            })
        });
        let pull = pull.map_err(|failure| EngineError::Unclear(failure.message))?;
        let mut layers = Layers::default();
        loop {
            match heard.recv_timeout(CANCEL_POLL) {
                Ok(line) => {
                    layers.note(line);
                    layers.tell(&shown, tell);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            given_up.fetch_or(cancelled(), Ordering::Relaxed);
        }
        pull.join().unwrap_or_else(|_| Err(EngineError::Unclear(message!("the-pull-was-given-up"))))
    });
    pulled.map_err(client.failed(&doing)).map_err(|failure| {
        let hint = message!("is-the-name-right");
        failure.hint(hint)
    })?;
    if given_up.load(Ordering::Relaxed) {
        return Err(Failure::new(Code::Cancelled, message!("cancelled-while-was-pulled", shown)));
    }
    tell(&message!("is-there", shown));
    Ok(())
}

/// How far each layer is.
#[derive(Default)]
struct Layers {
    bytes: HashMap<String, (i64, i64)>,
    told: Option<std::time::Instant>,
}

impl Layers {
    fn note(&mut self, line: bollard::models::CreateImageInfo) {
        let progress = line.progress_detail.unwrap_or_default();
        if let (Some(id), Some(current), Some(total)) = (line.id, progress.current, progress.total) {
            self.bytes.insert(id, (current, total));
        }
    }

    fn tell(&mut self, image: &str, tell: &dyn Fn(&Message)) {
        if self.bytes.is_empty() || self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            return;
        }
        self.told = Some(std::time::Instant::now());
        let sum = |pick: fn(&(i64, i64)) -> i64| self.bytes.values().map(pick).sum::<i64>() / (1 << 20);
        tell(&message!("pulling-of-mib", image, sum = sum(|bytes| bytes.0), sum_2 = sum(|bytes| bytes.1)));
    }
}

/// Whether a reference says which image of its repository it means.
fn has_tag(reference: &str) -> bool {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.contains([':', '@'])
}

impl View<'_> {
    /// Tags an image so that `docker image prune` leaves it, also once no container uses it: a rollback may need it.
    pub(crate) fn keep_image(&mut self, id: &str) -> Result<()> {
        if self.record.images.last().is_none_or(|newest| newest != id) {
            self.record.images.retain(|known| known != id);
            self.record.images.push(id.to_owned());
            let surplus = self.record.images.len().saturating_sub(IMAGES_KEPT);
            self.record.images.drain(..surplus);
            self.write()?;
        }
        let tag = format!("{}{}", self.tag_prefix(), short(id));
        let options = TagImageOptions { repo: Some(KEPT.to_owned()), tag: Some(tag) };
        let tagged = self.client.change("docker-tag", CHANGE_LIMIT, |docker| docker.tag_image(id, Some(options)));
        tagged.map_err(self.client.failed(message!("tag-an-image")))
    }

    /// Takes our tags off the images that no container of the workload uses any more. An image that nothing else names
    /// goes with its tag.
    pub(crate) fn let_images_go(&self) -> Result<()> {
        let doing = message!("look-for-images");

        let filters = Some(HashMap::from([("reference".to_owned(), vec![format!("{KEPT}:*")])]));
        let options = ListImagesOptions { filters, ..Default::default() };
        let images = self.client.ask(|docker| docker.list_images(Some(options))).map_err(self.client.failed(&doing))?;
        let prefix = format!("{KEPT}:{}", self.tag_prefix());
        let is_used =
            |id: &String| self.record.images.contains(id) || self.found.iter().any(|found| found.image_id() == id);
        for image in images.iter().filter(|image| !is_used(&image.id)) {
            for tag in image.repo_tags.iter().filter(|tag| tag.starts_with(&prefix)) {
                let options = RemoveImageOptions { force: false, noprune: true, ..Default::default() };
                let removed = self
                    .client
                    .change("docker-untag", CHANGE_LIMIT, |docker| docker.remove_image(tag, Some(options), None));
                match removed {
                    Ok(_) => {}
                    // Something else uses it: then it is not ours to remove.
                    Err(error) if error.is_gone() || error.is_conflict() => {}
                    Err(error) => return Err(self.client.failed(message!("let-an-image-go"))(error)),
                }
            }
        }
        Ok(())
    }

    fn tag_prefix(&self) -> String {
        format!("{}-{}-", self.runtime.owner.get(..12).unwrap_or(&self.runtime.owner), self.workload)
    }
}

fn short(id: &str) -> &str {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    hex.get(..12).unwrap_or(hex)
}

fn not_there(image: &str) -> Failure {
    Failure::new(Code::NotFound, message!("the-image-is", image = escape::text(image)))
        .hint(message!("a-deploy-pulls-it-without"))
}
