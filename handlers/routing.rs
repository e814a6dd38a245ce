//! A route and its documentation are one thing: `routes!` takes both from a handler. On the host they make the router and the
//! contract; on Cloudflare the contract is a static asset, so there `routes!` takes the route alone, and the code
//! that would build the document stays out of the wasm (docs/decisions/0004-size-and-speed.md).

#[cfg(not(target_arch = "wasm32"))]
pub(in crate::handlers) use host::OpenApiRouter;
#[cfg(not(target_arch = "wasm32"))]
pub(in crate::handlers) use utoipa_axum::routes;
#[cfg(target_arch = "wasm32")]
pub(in crate::handlers) use worker::{OpenApiRouter, routes};

/// One handler at more paths than its own.
pub(in crate::handlers) trait AlsoAt {
    /// The same at these paths. A parameter of the handler's own path may be missing in them.
    fn also_at(self, paths: &[&str]) -> Self;
}

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use axum::Router;
    use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
    use utoipa::openapi::schema::Schema;
    use utoipa::openapi::{OpenApi, RefOr};
    use utoipa_axum::router::UtoipaMethodRouter;

    /// `utoipa_axum`'s router, and every schema that a route brought: where two types share a name, the document keeps the last.
    pub struct OpenApiRouter<S> {
        inner: utoipa_axum::router::OpenApiRouter<S>,
        schemas: Vec<(String, RefOr<Schema>)>,
    }

    impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
        /// No routes yet.
        pub fn new() -> Self {
            Self { inner: utoipa_axum::router::OpenApiRouter::new(), schemas: Vec::new() }
        }

        /// Adds the methods of one path.
        pub fn routes(mut self, routes: UtoipaMethodRouter<S>) -> Self {
            self.schemas.extend(routes.0.iter().cloned());
            Self { inner: self.inner.routes(routes), ..self }
        }

        /// Adds another router's routes.
        pub fn merge(mut self, other: Self) -> Self {
            self.schemas.extend(other.schemas);
            Self { inner: self.inner.merge(other.inner), ..self }
        }

        /// What the routes say of themselves, and every schema that they brought.
        pub fn described(self) -> (OpenApi, Vec<(String, RefOr<Schema>)>) {
            (self.inner.into_openapi(), self.schemas)
        }
    }

    impl<S: Clone + Send + Sync + 'static> From<OpenApiRouter<S>> for Router<S> {
        fn from(router: OpenApiRouter<S>) -> Self {
            router.inner.into()
        }
    }

    impl<S> super::AlsoAt for UtoipaMethodRouter<S> {
        fn also_at(mut self, paths: &[&str]) -> Self {
            let documented = &mut self.1.paths;
            if let Some((own, item)) =
                documented.first_key_value().map(|(own, item)| (own.clone(), item.clone()))
            {
                documented.extend(paths.iter().map(|path| ((*path).to_owned(), moved(&item, &own, path))));
            }
            self
        }
    }

    /// The documentation of the handler of one path at another one.
    fn moved(item: &PathItem, from: &str, to: &str) -> PathItem {
        let mut item = item.clone();
        let PathItem { get, put, post, patch, delete, .. } = &mut item;
        for operation in [get, put, post, patch, delete].into_iter().flatten() {
            operation.description = Some(format!("As `{from}`."));
            operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_at_{}", words(to)));
            leave_out_missing(operation, to);
        }
        item
    }

    fn words(path: &str) -> String {
        let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    }

    fn leave_out_missing(operation: &mut Operation, path: &str) {
        let is_there = |name: &str| path.contains(&format!("{{{name}}}"));
        if let Some(parameters) = &mut operation.parameters {
            parameters.retain(|parameter| match parameter {
                RefOr::T(one) => one.parameter_in != ParameterIn::Path || is_there(&one.name),
                RefOr::Ref(_) => true,
            });
        }
        operation.parameters = operation.parameters.take().filter(|parameters| !parameters.is_empty());
    }
}

#[cfg(target_arch = "wasm32")]
pub(in crate::handlers) mod worker {
    use std::sync::Arc;

    use axum::Router;
    use axum::extract::Request;
    use axum::handler::Handler;
    use axum::response::Response;
    use axum::routing::MethodRouter;
    use futures::future::BoxFuture;
    use utoipa::openapi::HttpMethod;
    use utoipa_axum::PathItemExt;

    /// The half of `utoipa_axum`'s router that serves.
    pub struct OpenApiRouter<S>(Router<S>);

    impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
        /// No routes yet.
        pub fn new() -> Self {
            Self(Router::new())
        }

        /// Adds the methods of a path.
        pub fn routes(self, Routes { paths, methods }: Routes<S>) -> Self {
            Self(paths.iter().fold(self.0, |router, path| router.route(path, methods.clone())))
        }

        /// Adds another router's routes.
        pub fn merge(self, other: Self) -> Self {
            Self(self.0.merge(other.0))
        }
    }

    impl<S> From<OpenApiRouter<S>> for Router<S> {
        fn from(router: OpenApiRouter<S>) -> Self {
            router.0
        }
    }

    /// A handler behind one type: around each type of handler axum would make a dozen types of its own.
    pub struct Endpoint<S>(Arc<dyn Fn(Request, S) -> BoxFuture<'static, Response> + Send + Sync>);

    impl<S: 'static> Endpoint<S> {
        /// Of a handler as axum knows it.
        pub fn of<T, H: Handler<T, S, Future = BoxFuture<'static, Response>>>(handler: H) -> Self {
            Self(Arc::new(move |request, state| handler.clone().call(request, state)))
        }
    }

    impl<S> Clone for Endpoint<S> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl<S: 'static> Handler<(), S> for Endpoint<S> {
        type Future = BoxFuture<'static, Response>;

        fn call(self, request: Request, state: S) -> Self::Future {
            (self.0)(request, state)
        }
    }

    /// The handlers that share a path, and where else they are.
    pub struct Routes<S> {
        paths: Vec<String>,
        methods: MethodRouter<S>,
    }

    impl<S: Clone + Send + Sync + 'static> Routes<S> {
        /// None yet at this path.
        pub fn at(path: String) -> Self {
            Self { paths: vec![path], methods: MethodRouter::new() }
        }

        /// One more of them.
        pub fn on(self, methods: Vec<HttpMethod>, handler: &Endpoint<S>) -> Self {
            let on = |router: MethodRouter<S>, method: HttpMethod| {
                router.on(method.to_method_filter(), handler.clone())
            };
            Self { methods: methods.into_iter().fold(self.methods, on), ..self }
        }
    }

    impl<S> super::AlsoAt for Routes<S> {
        fn also_at(mut self, paths: &[&str]) -> Self {
            self.paths.extend(paths.iter().map(|path| (*path).to_owned()));
            self
        }
    }

    /// Path and methods of handlers that share a path.
    macro_rules! routes {
        ($first:ident $(, $more:ident)* $(,)?) => {
            pastey::paste! {{
                use utoipa::Path as _;
                use crate::handlers::routing::worker::{Endpoint, Routes};
                Routes::at([<__path_ $first>]::path())
                    .on([<__path_ $first>]::methods(), &Endpoint::of($first))
                    $(.on([<__path_ $more>]::methods(), &Endpoint::of($more)))*
            }}
        };
    }
    pub(crate) use routes;
}
