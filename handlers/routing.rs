//! A route and its documentation are one thing: `routes!` takes both from a handler. On the host they make the router and the
//! contract; the Worker serves the contract as a committed file, so there `routes!` takes the route alone, and the code
//! that would build the document stays out of the wasm (docs/decisions/0004-size-and-speed.md).

#[cfg(not(target_arch = "wasm32"))]
pub(in crate::handlers) use host::OpenApiRouter;
#[cfg(not(target_arch = "wasm32"))]
pub(in crate::handlers) use utoipa_axum::routes;
#[cfg(target_arch = "wasm32")]
pub(in crate::handlers) use worker::{OpenApiRouter, routes};

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use axum::Router;
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
}

#[cfg(target_arch = "wasm32")]
mod worker {
    use axum::Router;
    use axum::routing::MethodRouter;

    /// The half of `utoipa_axum`'s router that serves.
    pub struct OpenApiRouter<S>(Router<S>);

    impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
        /// No routes yet.
        pub fn new() -> Self {
            Self(Router::new())
        }

        /// Adds the methods of one path.
        pub fn routes(self, (path, methods): (String, MethodRouter<S>)) -> Self {
            Self(self.0.route(&path, methods))
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

    /// Path and methods of handlers that share a path.
    macro_rules! routes {
        ($first:ident $(, $more:ident)* $(,)?) => {
            pastey::paste! {{
                use utoipa::Path as _;
                use utoipa_axum::PathItemExt as _;
                let router = axum::routing::MethodRouter::new();
                let on = |methods: Vec<utoipa::openapi::HttpMethod>| {
                    methods.into_iter().map(|method| method.to_method_filter())
                };
                let router = on([<__path_ $first>]::methods()).fold(router, |router, on| router.on(on, $first));
                $(let router = on([<__path_ $more>]::methods()).fold(router, |router, on| router.on(on, $more));)*
                ([<__path_ $first>]::path(), router)
            }}
        };
    }
    pub(crate) use routes;
}
