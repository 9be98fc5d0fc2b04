//! A person at a browser: Chromium without a window, told what to do by its own driver.
//!
//! What a page shuts people out with is looked for by axe-core, whose one file is `AXE_CORE`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::eventually;
use super::process::PATIENCE;

const INSTALL: &str = "the page is examined by axe-core, which is not there; run `python3 -m venv DIRECTORY && \
    DIRECTORY/bin/pip install --no-deps axe-playwright-python==0.1.8` and set AXE_CORE to the file `axe.min.js` in it";

/// How often it is tried to start one.
const STARTS_MAX: usize = 4;

/// A small one, in pixels.
const PHONE: (u32, u32) = (360, 740);

/// Keys as the driver calls them.
pub(crate) mod key {
    pub(crate) const TAB: char = '\u{e004}';
    pub(crate) const ENTER: char = '\u{e007}';
    pub(crate) const ESCAPE: char = '\u{e00c}';
}

/// One browser with one window. Dropping it ends it.
pub(crate) struct Browser {
    runtime: tokio::runtime::Runtime,
    client: Client,
    url: String,
    _driver: Driver,
    _home: tempfile::TempDir,
}

impl Browser {
    /// One whose user reads this language. A machine that does much else may give a browser too little at its start: it is
    /// started again then, which says nothing of the page.
    pub(crate) fn start(language: &str) -> Browser {
        let mut failures = Vec::new();
        for _ in 0..STARTS_MAX {
            match Browser::try_start(language) {
                Ok(browser) => return browser,
                Err(failure) => failures.push(failure),
            }
        }
        panic!("no browser could be started: {failures:#?}");
    }

    fn try_start(language: &str) -> Result<Browser, String> {
        let home = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run `chromedriver`, of Debian's `chromium-driver`: {error}"));
        let mut driver = Driver(driver);
        let mut said = BufReader::new(driver.0.stdout.take().unwrap()).lines();
        let mut before = Vec::new();
        let port = said.find_map(|line| {
            let line = line.unwrap();
            let port = line.split_once("successfully on port ").map(|(_, rest)| rest.trim_end_matches('.').to_owned());
            before.push(line);
            port
        });
        let url = format!("http://127.0.0.1:{}", port.ok_or_else(|| before.join("\n"))?);
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        let profile = format!("--user-data-dir={}", home.path().join("profile").display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            &profile,
        ];
        let options = json!({ "args": arguments, "prefs": { "intl.accept_languages": language } });
        let Value::Object(capabilities) = json!({ "browserName": "chrome", "goog:chromeOptions": options }) else {
            unreachable!("it is written as an object")
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = runtime.block_on(builder.capabilities(capabilities).connect(&url));
        let client = client.map_err(|error| error.to_string())?;
        Ok(Browser { runtime, client, url, _driver: driver, _home: home })
    }

    pub(crate) fn open(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap();
    }

    pub(crate) fn reload(&self) {
        self.runtime.block_on(self.client.refresh()).unwrap();
    }

    /// Runs a function's body in the page.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, Vec::new())).unwrap()
    }

    /// What can be read in an element; nothing if it is not there or hidden.
    pub(crate) fn text(&self, css: &str) -> String {
        let script = format!(
            "const found = document.querySelector({}); return found?.checkVisibility() ? found.innerText : ''",
            json!(css)
        );
        self.run(&script).as_str().unwrap_or_default().replace('\u{a0}', " ")
    }

    pub(crate) fn has(&self, css: &str) -> bool {
        self.run(&format!("return document.querySelector({}) !== null", json!(css))) == json!(true)
    }

    /// Waits until an element is there and says something.
    #[track_caller]
    pub(crate) fn sees(&self, css: &str, text: &str) {
        let began = std::time::Instant::now();
        while !(self.has(css) && self.text(css).contains(text)) {
            assert!(began.elapsed() < PATIENCE, "`{css}` does not say `{text}`: {}", self.text("body"));
        }
    }

    /// Waits for an element and clicks on it.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        // It may be replaced in between: then it is clicked as it is then.
        eventually(&format!("`{css}` is clicked"), || self.try_click(css));
    }

    /// Clicks on an element, if it is there.
    pub(crate) fn try_click(&self, css: &str) -> bool {
        self.runtime.block_on(async { self.client.find(Locator::Css(css)).await?.click().await }).is_ok()
    }

    /// Puts text into a field, in place of what was there.
    #[track_caller]
    pub(crate) fn types(&self, css: &str, text: &str) {
        self.sees(css, "");
        let typed = self.runtime.block_on(async {
            let element = self.client.find(Locator::Css(css)).await?;
            element.clear().await?;
            element.send_keys(text).await
        });
        typed.unwrap();
    }

    /// Chooses a file for a field.
    #[track_caller]
    pub(crate) fn gives(&self, css: &str, file: &Path) {
        self.sees(css, "");
        let given = async { self.client.find(Locator::Css(css)).await?.send_keys(file.to_str().unwrap()).await };
        self.runtime.block_on(given).unwrap();
    }

    /// Presses a key where the focus is.
    #[track_caller]
    pub(crate) fn presses(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        self.runtime.block_on(self.client.perform_actions(keys)).unwrap();
    }

    /// Types where the focus is.
    #[track_caller]
    pub(crate) fn writes(&self, text: &str) {
        text.chars().for_each(|character| self.presses(character));
    }

    /// Whether an element has the focus.
    pub(crate) fn is_at(&self, css: &str) -> bool {
        self.run(&format!("return document.activeElement?.matches({}) ?? false", json!(css))) == json!(true)
    }

    /// Waits until an element has the focus.
    #[track_caller]
    pub(crate) fn comes_to(&self, css: &str) {
        let began = std::time::Instant::now();
        while !self.is_at(css) {
            let here = || self.run("return document.activeElement?.outerHTML");
            assert!(began.elapsed() < PATIENCE, "the focus is not on `{css}` but on {}: {}", here(), self.text("body"));
        }
    }

    /// Goes on from element to element until one has the focus.
    #[track_caller]
    pub(crate) fn tabs_to(&self, css: &str) {
        self.sees(css, "");
        let mut passed = 0;
        while !self.is_at(css) {
            assert!(passed < 60, "the keyboard does not come to `{css}`: {}", self.text("body"));
            self.presses(key::TAB);
            passed += 1;
        }
    }

    /// Nothing that stands in the window shuts anybody out.
    #[track_caller]
    pub(crate) fn is_open_to_everybody(&self, what: &str) {
        let file = std::env::var_os("AXE_CORE").expect(INSTALL);
        let axe = std::fs::read_to_string(file).expect(INSTALL);
        self.run(&axe);
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                (found) => done(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)),
                (error) => done([String(error)]),
            );";
        let found = self.runtime.block_on(self.client.execute_async(script, Vec::new())).unwrap();
        assert_eq!(found, json!([]), "{what}");
    }

    /// As wide as a phone, nothing goes over the edge.
    #[track_caller]
    pub(crate) fn fits_a_phone(&self, what: &str) {
        let (width, height) = PHONE;
        let phone = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        self.tells("Emulation.setDeviceMetricsOverride", &phone);
        let script = "const widths = [document.documentElement, ...document.querySelectorAll('dialog[open]')]
                .map((one) => one.scrollWidth - one.clientWidth);
            return [innerWidth, Math.max(...widths)]";
        let seen = self.run(script);
        self.tells("Emulation.clearDeviceMetricsOverride", &json!({}));
        assert_eq!(seen, json!([width, 0]), "{what}: the width, and how many pixels go over the edge");
    }

    /// What its user likes, as style sheets are told it.
    pub(crate) fn likes(&self, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.tells("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// A command to the browser that only its own makers know.
    fn tells(&self, command: &str, parameters: &Value) {
        let session = self.runtime.block_on(self.client.session_id()).unwrap().unwrap();
        let url = format!("{}/session/{session}/goog/cdp/execute", self.url);
        ureq::post(&url).send_json(json!({ "cmd": command, "params": parameters })).unwrap();
    }

    /// Makes the picture again, if `REFORGE_PICTURES` says where to.
    pub(crate) fn is_shown_in_the_readme(&self, name: &str, scheme: &str) {
        let Some(directory) = std::env::var_os("REFORGE_PICTURES") else { return };
        let desk = json!({ "width": 900, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tells("Emulation.setDeviceMetricsOverride", &desk);
        let picture = self.runtime.block_on(self.client.screenshot()).unwrap();
        self.tells("Emulation.clearDeviceMetricsOverride", &json!({}));
        std::fs::write(Path::new(&directory).join(format!("{name}-{scheme}.png")), picture).unwrap();
    }

    /// A second window of the same person, which this is from now on.
    pub(crate) fn second_window(&self) {
        self.runtime.block_on(async {
            let window = self.client.new_window(true).await.unwrap();
            self.client.switch_to_window(window.handle).await.unwrap();
        });
    }

    /// The first window again.
    pub(crate) fn first_window(&self) {
        self.window(|windows| windows.first());
    }

    /// The second one again.
    pub(crate) fn last_window(&self) {
        self.window(|windows| windows.last());
    }

    fn window(&self, choose: impl Fn(&[WindowHandle]) -> Option<&WindowHandle>) {
        self.runtime.block_on(async {
            let windows = self.client.windows().await.unwrap();
            self.client.switch_to_window(choose(&windows).unwrap().clone()).await.unwrap();
        });
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser goes with its session, before the driver does.
        let _ = self.runtime.block_on(self.client.clone().close());
    }
}

/// Ends with its owner, also when no session came about.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
