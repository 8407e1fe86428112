// A person's browser: keeps cookies, follows redirects within the issuer, logs in and agrees where a page asks.
export class Browser {
  #cookies = new Map()

  constructor(issuer, person) {
    this.issuer = new URL(issuer)
    this.person = person
  }

  async visit(url, form) {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form ? new URLSearchParams(form) : undefined,
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';')
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }

  // Where a redirect leads.
  async hop(url, form) {
    const answer = await this.visit(url, form)
    if (answer.status !== 303) throw new Error(`${answer.status} from ${new URL(url).pathname}`)
    return new URL(answer.headers.get('location'), url)
  }

  // The address at the client to which a person is sent in the end; a form that posts itself gives its fields.
  async enter(start) {
    let place = new URL(start)
    for (;;) {
      if (place.origin !== this.issuer.origin) return place
      if (place.pathname === '/login') {
        place = await this.hop(place, { identifier: this.person.number, password: this.person.password })
      } else if (place.pathname === '/consent') {
        place = await this.hop(place, { decision: 'grant' })
      } else {
        const answer = await this.visit(place)
        if (answer.status === 200) return formOf(await answer.text())
        if (answer.status !== 303) throw new Error(`${answer.status} from ${place.pathname}`)
        place = new URL(answer.headers.get('location'), place)
      }
    }
  }
}

// The request that a self-submitting form makes (OAuth 2.0 Form Post Response Mode §2).
function formOf(page) {
  const text = (value) => value.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  const attribute = (tag, name) => text(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
  const form = /<form\b[^>]*>/.exec(page)?.[0]
  if (!form) throw new Error('a page that is no form')
  const fields = [...page.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')])
  return new Request(attribute(form, 'action'), { method: 'POST', body: new URLSearchParams(fields) })
}
