/** As much of a browser as a sign-in needs: cookies by the rules (`tough-cookie`, prefixes included), redirects, forms. */
import assert from "node:assert/strict";
import { CookieJar } from "tough-cookie";

/** More hops than any sign-in takes. */
const MAX_HOPS = 20;

export class Browser {
  jar = new CookieJar(undefined, { prefixSecurity: "strict", allowSecureOnLocal: true });
  /** Every address that was visited. */
  visited = [];

  /** One request, no redirect followed. */
  async request(url, { method = "GET", form, body, headers = {} } = {}) {
    const cookie = await this.jar.getCookieString(url);
    const response = await fetch(url, {
      method,
      redirect: "manual",
      headers: {
        ...headers,
        ...(cookie && { cookie }),
        ...(form && { "content-type": "application/x-www-form-urlencoded" }),
      },
      body: form ? new URLSearchParams(form).toString() : body,
    });
    for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url);
    this.visited.push(url);
    return response;
  }

  /** Goes where it is sent until a page comes or `stop(url)` says so; answers `{ url, response }`. */
  async visit(url, { stop = () => false, ...options } = {}) {
    let response = await this.request(url, options);
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      const location = response.headers.get("location");
      if (!location) return { url, response };
      url = new URL(location, url).href;
      if (stop(url)) return { url, response };
      response = await this.request(url);
    }
    assert.fail(`redirected for ever, at last to ${url}`);
  }

  /** Signs in at the provider as `login` and agrees; answers the address to which the provider sends the browser back. */
  async signInAt(provider, startUrl, login) {
    const stop = provider.isCallback;
    let page = await this.visit(startUrl, { stop });
    for (const form of [{ prompt: "login", login, password: "any" }, { prompt: "consent" }]) {
      if (stop(page.url)) break;
      const html = await page.response.text();
      const action = html.match(/<form[^>]*action="([^"]+)"/)?.[1];
      assert.ok(action, `there is no form at ${page.url}: ${html.slice(0, 2000)}`);
      page = await this.visit(new URL(action, page.url).href, { method: "POST", form, stop });
    }
    assert.ok(stop(page.url), `the provider kept the browser at ${page.url}`);
    return page.url;
  }

  async cookie(url, name) {
    return (await this.jar.getCookies(url)).find(({ key }) => key === name);
  }
}
