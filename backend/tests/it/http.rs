//! What holds for every request.

use crate::common::ORIGIN;
use reqwest::Method;

crate::both_databases! {
    async fn the_server_lives_and_is_ready(app: TestApp) {
        let client = app.anonymous();
        assert_eq!(client.get("/healthz").await.text(), "ok");
        assert_eq!(client.get("/readyz").await.text(), "ok");
    }

    async fn unknown_calls_of_the_api_are_problems(app: TestApp) {
        let client = app.anonymous();
        client.get("/api/v1/nothing").await.expect_problem(404, "not-found");
        client.get("/api").await.expect_problem(404, "not-found");
        client.post("/api/v1/nothing", serde_json::json!({})).await.expect_problem(404, "not-found");
    }

    async fn a_method_that_is_not_there_is_a_problem_that_names_the_others(app: TestApp) {
        let answer = app.anonymous().delete("/healthz").await;
        answer.expect_problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }

    async fn a_change_from_a_strange_page_is_refused(app: TestApp) {
        for origin in [None, Some("https://evil.example"), Some("null")] {
            let stranger = app.anonymous().with_origin(origin);
            let problem = stranger.delete("/api/v1/session").await.expect_problem(403, "forged-origin");
            assert_eq!(problem["title"], "Запрос пришёл не со страницы ЭПОС");
        }
        let client = app.anonymous();
        let strange = client.request(Method::DELETE, "/api/v1/session").header("sec-fetch-site", "cross-site");
        client.send(strange).await.expect_problem(403, "forged-origin");
    }

    async fn every_answer_protects_the_browser(app: TestApp) {
        let answer = app.anonymous().get("/api/v1/nothing").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
        for part in ["style-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(answer.header("permissions-policy").is_some());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("strict-transport-security"), None, "not under TLS");
    }

    #[configure(|config| config.server.public_url = "https://epos.test".to_owned())]
    async fn under_tls_the_browser_is_told_to_stay_there(app: TestApp) {
        let answer = app.anonymous().get("/healthz").await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
        assert_ne!(ORIGIN, "https://epos.test");
        app.anonymous().delete("/api/v1/session").await.expect_problem(403, "forged-origin");
    }

    async fn the_viewer_of_the_description_has_a_policy_of_its_own(app: TestApp) {
        let client = app.anonymous();
        assert_eq!(client.get("/api/docs").await.header("location"), Some("/api/docs/"));
        let page = client.get("/api/docs/").await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").unwrap().contains("style-src 'self' 'unsafe-inline'"));
        assert!(!page.text().contains("https://"), "nothing comes from another host");
        client.get("/api/openapi.json").await.expect(200);
    }

    async fn deep_links_lead_to_the_client_and_files_that_are_not_there_to_none(app: TestApp) {
        let client = app.anonymous();
        let page = client.get("/subsystems/17").await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap();
        for hash in epos_backend::http::script_hashes(&page.text()) {
            assert!(policy.contains(&format!("'{hash}'")), "{policy}");
        }
        assert!(!policy.contains("unsafe-inline"));
        let home = client.get("/").await;
        assert_eq!((page.status, page.bytes), (home.status, home.bytes));
        client.get("/missing.js").await.expect_problem(404, "not-found");
        for page in ["/index.html.br", "/main/index.html", "/own/index.html", "/own/index.html.br"] {
            client.get(page).await.expect_problem(404, "not-found");
        }
        client.post("/kontingent", serde_json::json!({})).await.expect_problem(405, "method-not-allowed");
    }

    async fn every_program_has_a_page_under_a_policy_of_its_own(app: TestApp) {
        let client = app.anonymous();
        let main = client.get("/").await;
        let own = client.get("/profile?page=2").await;
        assert_eq!(main.status, own.status);
        if own.status == 503 {
            assert!(own.text().contains("Клиент не собран"));
            return;
        }
        assert_eq!(own.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(own.header("cache-control"), Some("no-cache"));
        for (page, other) in [(&main, &own), (&own, &main)] {
            let hashes = epos_backend::http::script_hashes(&page.text());
            assert_eq!(hashes.len(), 1, "the script that Trunk writes");
            for hash in hashes {
                let hash = format!("'{hash}'");
                assert!(page.header("content-security-policy").unwrap().contains(&hash));
                assert!(!other.header("content-security-policy").unwrap().contains(&hash));
            }
        }
        for path in ["/profile", "/register", "/login/esia/mismatch"] {
            assert_eq!(client.get(path).await.bytes, own.bytes, "{path}");
        }
        let desk = client.get("/accounts/17?page=2").await;
        assert_ne!(desk.bytes, own.bytes);
        for path in ["/accounts", "/applications", "/applications/17", "/support/esia"] {
            assert_eq!(client.get(path).await.bytes, desk.bytes, "{path}");
        }
        for path in ["/kontingent/import", "/kontingent/organizations/17"] {
            let manage = client.get(path).await.bytes;
            assert!(![&main.bytes, &own.bytes, &desk.bytes].contains(&&manage), "{path}");
        }
        let staff = client.get("/kontingent/employees").await.bytes;
        assert_ne!(staff, main.bytes);
        for path in ["/subsystems", "/accounting", "/kontingent/accounts"] {
            assert_eq!(client.get(path).await.bytes, main.bytes, "{path}");
        }
        // Every file that the page names is there.
        let text = own.text();
        let files: Vec<&str> =
            text.split(['"', '\'']).filter(|part| part.starts_with("/own/") && part.contains('.')).collect();
        assert!(files.iter().any(|file| file.ends_with(".wasm")), "{files:?}");
        for file in files {
            let file = client.get(file).await;
            assert_eq!(file.status, 200);
            assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
        }
    }

    async fn a_page_that_is_known_is_not_sent_again(app: TestApp) {
        let client = app.anonymous();
        let page = client.get("/").await;
        let Some(etag) = page.header("etag") else {
            assert_eq!(page.status, 503, "the client was not built, and the page says so");
            assert!(page.text().contains("Клиент не собран"));
            return;
        };
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let again = client.send(client.request(Method::GET, "/").header("if-none-match", etag)).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
        let packed = client.send(client.request(Method::GET, "/").header("accept-encoding", "br, gzip")).await;
        if let Some(encoding) = packed.header("content-encoding") {
            assert_eq!(encoding, "br");
            assert_ne!(packed.header("etag"), Some(etag), "another form, another tag");
        }
        assert_eq!(page.header("vary"), Some("accept-encoding"));
    }
}
