// The one state of the page, and what the reader's screen is like. Every part reads these.

/** What the reader has chosen: the question, what is selected, and which layers are shown. */
function createState(data) {
  return {
    choice: { service: data.start, limit: 0, scenario: 0, scope: 0 },
    selected: { ...NOTHING_SELECTED },
    shown: {
      zones: data.whatif !== null, shading: data.whatif === null, water: data.water.length > 0, roads: data.roads.main.length > 0,
      settlements: data.whatif === null,
      facilities: true, sites: data.places.sites.name.length > 0, institutions: false, closed: false, labels: true, links: false,
    },
    tab: "overview",
    printing: false,
  };
}

const NOTHING_SELECTED = { municipality: null, settlement: null, place: null };

/** Light or dark, moving or still, desk or phone; paper is always light. */
class Screen {
  constructor(palette, state) {
    Object.assign(this, { palette, state });
    this.darkQuery = window.matchMedia("(prefers-color-scheme: dark)");
    this.stillQuery = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.phoneQuery = window.matchMedia("(max-width: 760px)");
    this.touchQuery = window.matchMedia("(hover: none)");
  }

  get isDark() {
    return this.darkQuery.matches && !this.state.printing;
  }

  get isStill() {
    return this.stillQuery.matches;
  }

  get isPhone() {
    return this.phoneQuery.matches;
  }

  get isTouch() {
    return this.touchQuery.matches;
  }

  /** Colours of lines and text. */
  get ink() {
    return this.isDark ? this.palette.dark : this.palette.light;
  }

  /** The colour of a class of shares or of a band of minutes. */
  fill(colours) {
    return this.isDark ? colours.dark : colours.light;
  }
}
