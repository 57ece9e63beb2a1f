"""What on a scraped page is the site's and not the document's: told by its words, whatever its markup was.

Lines are compared folded (simplified, half width, lower case, without spaces), so one list serves both scripts."""

import re
from collections.abc import Iterable

from search import analysis

GLOSS = re.compile(  # a copier's pinyin behind a sign: 網(wǎng)站
    r"(?<=[\u3400-\u9fff])\((?=[a-z]*[\u00e0-\u00fc\u0101\u0113\u011b\u012b\u014d\u016b\u01ce-\u01dc])"
    r"[a-z\u00e0-\u00fc\u0101\u0113\u011b\u012b\u014d\u016b\u01ce-\u01dc]{1,6}\)"
)
BULLET = re.compile(r"^(?:[•·●▪◆■]\s*|-\s+(?=\S+\s*-$))")
PAGE_MARK = re.compile(r"\s+[A-Z]?[①-⑳]$|^[(（]上接第.{1,4}版[)）]|[(（]下转第.{1,4}版[)）]$")
LOST = re.compile("[\ue000-\uf8ff\ufffd]")  # signs that a page's encoding has lost
ENDS = re.compile(  # from here on the page belongs to its site
    r"(?:相关|推荐|热门|最新|更多)(?:政策|新闻|链接|文章|阅读|资讯|文件|解读|推荐|信息|附件下载)[:>]*$|新闻推荐$|"
    r"扫一扫(?:在手机|，|,)?.{0,4}打开.{0,4}页|您需要登录后才可以(?:回帖|回复)|上一[篇条页][:]|下一[篇条页][:]|"
    r"发表(?:回复|评论)$|快速回复|回复楼主|使用道具|【?(?:打印本页|关闭窗口|打印|关闭)】?(?:【|$)|责任编辑[:]|"
    r"(?:网友)?评论\(?\d*\)?$|文章录入[:]|tags?[:]|本文地址[:]"
)
CHROME = re.compile(
    r"(?:\d{1,2}\.)?(?:您?现?在?所在的?|您的?当前的?|当前)位置|首页>|分享(?:到|至)|【?字[体号][:]|【?字号|大中小$|"
    r"(?:主题|帖子|回帖|积分|精华|威望|金币|贡献|好友|管理员|版主|超级版主|会员|楼主|新手上路|发消息|只看该作者)$|"
    r"\d[\d,.]*万?$|发表于|电梯直达|.{0,4}显示全部楼层|阅读模式|倒序浏览|收藏\d*$|点赞|举报$|回复$|返回列表$|下载app|"
    r"archiver|手机版|小黑屋|powered?by|copyright|版权所有|.{0,40}icp备|.{0,40}公网安备|网站标识码|备案序号|gmt\+8|"
    r"processedin|主\s?办[:]|承\s?办[:]|e-?mail[:]|邮箱[:]|违法和不良信息|举报(?:电话|邮箱)|关于(?:本网|我们)|联系我们|网站地图|"
    r"-.{2,12}网站-$|浏览(?:次数|量)?[:]|点击(?:次数|量)?[:]|阅读(?:次数)?[:]|访问次数|无障碍|登录\|?(?:立即)?注册|"
    r"官方服务(?:微信|qq)|加微信|微信[:号]|本站(?:公告|声明)|免责声明|网页底部|返回顶部|设为首页|加入收藏|"
    r"扫一扫|二维码[:]?$|\|$|打印本?页?$|关闭(?:窗口|本页)?$"
)
SHORT_MAX = 120  # a paragraph that only mentions such words is longer


def folded(line: str) -> str:
    return "".join(analysis.folded(line).split())


def unglossed(text: str) -> tuple[str, int]:
    """Without the pinyin that a copier has set between the signs, and how many there were."""
    return GLOSS.subn("", text)


def unmarked(line: str) -> str:
    """Without a bullet in front, a page mark of a newspaper behind."""
    return PAGE_MARK.sub("", BULLET.sub("", line)).strip()


def ends_the_document(line: str) -> bool:
    return len(line) <= SHORT_MAX and ENDS.match(folded(line)) is not None


def is_of_the_site(line: str) -> bool:
    return len(line) <= SHORT_MAX and CHROME.match(folded(line)) is not None


def lost_signs(lines: Iterable[str]) -> int:
    return sum(len(LOST.findall(line)) for line in lines)
