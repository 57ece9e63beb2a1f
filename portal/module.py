"""What the portal itself gives: the home page, my affairs, the pages about the site, the watch over the whole."""

from kernel.module import Module
from portal.home import pages
from portal.watching import WATCH

MODULE = Module(name="portal", templates=("home",), routes=tuple(pages.routes), jobs=WATCH)
