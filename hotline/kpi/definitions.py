"""The hotline's figures: of tickets, assignments and their clocks, of calls, and of what is open now."""

from functools import partial

from hotline.tickets.repeating.rules import REPEATED_WITHIN
from hotline.tickets.states import OPEN
from kernel.ratings.forms import LOW
from oversight.kpi.definitions import Definition

RATED = ["satisfied", "basic", "dissatisfied"]
VISITED = {"solved__in": ["yes", "partly", "no"]}
ENDED = ["closed", "arch"]
AGENCY = "agency__path"
NOT_TAKEN_BACK = {"state__not_in": ["a_recall"]}
ANONYMOUS, WAIVED = {"ticket__secrecy": "anonymous"}, {"ticket__answer_waived": True}
GRANTED = {"state": "a_back"}  # 剔除: an objection granted clears the unit
WORKED = {"state__not_in": ["a_recall", "a_back"]}  # whose ticket it is in the end: no unit whose objection was granted
UNABLE = {"role": "lead", "outcome": "unsolved_objective", "ticket__solved__in": ["no", "partly"]}
RAISED = NOT_TAKEN_BACK | {"objection__isnull": False}
share = partial(
    Definition, kind="assignment", unit=AGENCY, part="ticket__category", label="ticket__secrecy",
)  # fmt: skip
call = partial(Definition, kind="call", time_role="offered_at", unit="queue", grained=False)
OURS = {"source__isnull": True}
NOT_BAD = {"level__gt": LOW}
INBOUND = {"inbound": True}
ANSWERED = INBOUND | {"answered_at__isnull": False}
MISSED = INBOUND | {"answered_at__isnull": True, "hangup_at__isnull": False}
FIGURES = (
    Definition(
        code="direct", name="直接办结率", kind="ticket", numerator={"answered_from__isnull": False, "state__in": ENDED},
        denominator=OURS, time_role="registered_at", version=2,
        base="本期登记的工单，当场答复办结的算直接办结，导入的历史工单不计",
    ),
    Definition(
        code="knowledge", name="知识命中率", kind="ticket", numerator={"answered_from__gt": ""},
        denominator=OURS | {"answered_from__isnull": False}, time_role="registered_at",
        outside={"answered_from": "wrong_editions"}, version=2,
        base="本期登记、当场答复的工单，按知识库条目答复的算命中（记下所用版本），那一版后来更正为有误的不算",
    ),
    Definition(
        code="repeated", name="重复诉求率", kind="ticket", denominator=OURS, less_is_better=True,
        either=({"merged_into__isnull": False}, {"cluster__isnull": False}, {"repeats__isnull": False}),
        time_role="registered_at", version=2,
        base="本期登记的工单，并入别的工单、归入同一事件的，和同一诉求人就同一分类、同一地点在前一件未办结时"
        f"或办结后 {REPEATED_WITHIN.days} 日内再次反映的算重复，导入的历史工单不计",
    ),
    Definition(
        code="dispatched", name="按时派单率", kind="ticket", time_role="due:dispatch", in_time=True,
        parts="assignments", parts_where=NOT_TAKEN_BACK, unit=AGENCY,
        base="派单期限在本期、已经派出的工单",
    ),
    share(
        code="sent_right", name="派单准确率", denominator={"role__in": ["lead", "assist"]},
        numerator={"misdirected": False}, exclusions={"undecided": {"state": "a_obj"}}, time_role="due:sign",
        base="签收期限在本期的派出承办（单位交下级的不计），异议成立和因派错收回的算不准，尚未裁定的剔除",
    ),
    share(
        code="signed", name="按时签收率", denominator=NOT_TAKEN_BACK, time_role="due:sign",
        in_time=True, exclusions={"objection_granted": GRANTED}, version=2,
        base="签收期限在本期的承办，收回的不计，异议成立的剔除",
    ),
    share(
        code="contacted", name="响应率", denominator=NOT_TAKEN_BACK, time_role="due:first_contact",
        in_time=True, version=3,
        exclusions={"anonymous": ANONYMOUS, "answer_waived": WAIVED, "objection_granted": GRANTED},
        base="首次联系期限在本期的承办，收回的不计，异议成立的剔除；匿名、没有联系方式和不需答复的不用联系，不计",
    ),
    share(
        code="on_time", name="按时办结率", denominator=NOT_TAKEN_BACK, time_role="due:handle",
        in_time=True, exclusions={"objection_granted": GRANTED}, version=2,
        base="办理期限（含批准的延期、疑难件和法定时限）在本期的承办，收回的不计，异议成立的剔除",
    ),
    share(
        code="on_time_unextended", name="按时办结率（不含延期）", denominator=NOT_TAKEN_BACK,
        numerator={"complex": False}, time_role="due:handle", in_time=True, unextended=True,
        exclusions={"objection_granted": GRANTED}, version=3,
        base="办理期限在本期的承办，收回的不计，异议成立的剔除；延过期的、批准为疑难件的一律不算按时，法定时限不是延期",
    ),
    Definition(
        code="at_once", name="一次办结率", kind="ticket", denominator={"state__in": ENDED}, time_role="closed_at",
        numerator={"redo_count": 0, "fix_count": 0, "reopen_count": 0}, followed_by="repeats",
        followed_where={"after_closing": True}, followed_days=REPEATED_WITHIN.days, version=2,
        parts="assignments", parts_where=WORKED, unit=AGENCY,
        base="本期办结的派出工单，没有重办、补办、重开，办结后 "
        f"{REPEATED_WITHIN.days} 日内同一诉求人也没有就同一分类、同一地点再次反映的算一次办结；"
        "这些日子未满的数是暂定的",
    ),
    Definition(
        code="visited", name="回访率", kind="ticket", version=2,
        time_role="due:visit", in_time=True, parts="assignments", parts_where=WORKED,
        unit=AGENCY,
        base="回访期限在本期的工单，期限内回访完毕的算回访",
    ),
    Definition(
        code="solved", name="解决率", kind="ticket", version=2, numerator={"solved": "yes"}, denominator=VISITED,
        time_role="closed_at", parts="assignments", parts_where=WORKED, unit=AGENCY,
        parts_out={"objective": UNABLE},
        base="回访到诉求人并答复是否解决的工单，按办结时间；主办结论为客观原因未解决、予以认可的剔除；部分解决的按时限策略写的比例计入，没有写的不计",
    ),
    Definition(
        code="solved_partly", name="部分解决率", kind="ticket", numerator={"solved": "partly"}, denominator=VISITED,
        time_role="closed_at", parts="assignments", parts_where=WORKED, unit=AGENCY,
        parts_out={"objective": UNABLE},
        base="回访到诉求人并答复是否解决的工单，按办结时间；主办结论为客观原因未解决、予以认可的剔除，答复部分解决的算",
    ),
    Definition(
        code="satisfied", name="满意率", kind="ticket", version=2, numerator={"satisfied__in": ["satisfied", "basic"]},
        denominator={"satisfied__in": RATED}, time_role="closed_at", parts="assignments", parts_where=WORKED,
        unit=AGENCY, base="作出评价的工单，未评价和未联系上的不计，按办结时间",
    ),
    Definition(
        code="redone", name="重办率", kind="ticket", version=2, numerator={"redo_count__gt": 0}, denominator=VISITED,
        less_is_better=True, time_role="closed_at", parts="assignments", parts_where=WORKED, unit=AGENCY,
        base="回访过的工单，按办结时间",
    ),
    Definition(
        code="hands", name="平均流转次数", kind="ticket", version=2, denominator={"state__in": ENDED},
        time_role="closed_at", parts="assignments", parts_where=WORKED, mean="bounce_count", unit=AGENCY,
        base="本期办结的派出工单，每件被提出异议的次数加一",
    ),
    share(
        code="extended", name="延期率", denominator=NOT_TAKEN_BACK, numerator={"extensions__gt": 0},
        less_is_better=True, time_role="due:handle",
        base="办理期限（含批准的延期）在本期的承办，获准延期的算延期，收回的不计",
    ),
    share(
        code="objected", name="退单率", denominator=NOT_TAKEN_BACK, numerator={"objection__isnull": False},
        less_is_better=True, time_role="due:handle", base="办理期限在本期的承办，提出过异议的算退单，收回的不计",
    ),
    share(
        code="objected_wrongly", name="误退率", denominator=RAISED, numerator={"state__not_in": ["a_back"]},
        less_is_better=True, exclusions={"undecided": {"state": "a_obj"}}, time_role="due:handle",
        base="办理期限在本期、提出过异议的承办，异议不成立的算误退，尚未裁定的剔除",
    ),
    call(
        code="answered", name="接通率", denominator=INBOUND, numerator={"answered_at__isnull": False},
        base="本期呼入人工队列的来电（全部呼入）",
    ),
    call(
        code="answered_15s", name="15秒接通率", denominator=INBOUND, numerator={"waited_s__lte": 15},
        base="本期呼入人工队列的来电（全部呼入），不是只数接通的来电",
    ),
    call(
        code="answered_15s_of_answered", name="15秒接通率（接通口径）", denominator=ANSWERED,
        numerator={"waited_s__lte": 15}, base="本期接通的来电，未接通的不计：与全部呼入口径不可相比",
    ),
    call(
        code="abandoned", name="放弃率", denominator=INBOUND, numerator=MISSED | {"rang_s__gt": 5},
        base="本期呼入人工队列的来电，等待超过 5 秒未接通而挂断的算放弃",
    ),
    call(
        code="abandoned_short", name="短时放弃率", denominator=INBOUND, numerator=MISSED | {"rang_s__lte": 5},
        base="本期呼入人工队列的来电，5 秒以内未接通而挂断的，单独列出",
    ),
    call(
        code="called_back", name="漏接回拨率", denominator=MISSED, numerator={"called_back_s__lte": 7_200},
        exclusions={"withheld": {"phone_index__isnull": True}},
        base="本期未接通的来电，挂断后 2 小时内回拨的算回拨，未显示号码的剔除",
    ),
    call(
        code="waiting", name="平均等待（秒）", denominator=ANSWERED | {"waited_s__isnull": False}, measure="waited_s",
        base="本期接通的来电，从进入人工队列到接听",
    ),
    call(
        code="talking", name="平均通话（秒）", denominator=ANSWERED | {"talked_s__isnull": False}, measure="talked_s",
        base="本期接通并已挂断的来电，从接听到挂断",
    ),
    call(
        code="talking_out", name="平均通话，呼出（秒）", measure="talked_s",
        denominator={"inbound": False, "answered_at__isnull": False, "talked_s__isnull": False},
        base="本期呼出、接通并已挂断的电话，从接听到挂断",
    ),
    call(
        code="after_call", name="平均话后（秒）", denominator=ANSWERED | {"after_s__isnull": False}, measure="after_s",
        base="本期接通并已处理完的来电，从挂断到话务员登记或处置完毕；通话中就写完的计 0 秒",
    ),
    call(
        code="rated_call", name="好差评率（来电）", denominator=INBOUND | {"level__isnull": False}, numerator=NOT_BAD,
        base="来电人挂机前按键评价的来电，不满意、非常不满意算差评，其余计入",
    ),
    Definition(
        code="rated_matter", name="好差评率（工单）", kind="rating", numerator=NOT_BAD, time_role="rated_at",
        unit="owner_path", grained=False, version=2,
        base="本期对已办结工单作出的好差评，归主办单位，不满意、非常不满意算差评，其余计入",
    ),
    Definition(
        code="overrun", name="在办超期时长（工作小时）", kind="ticket",
        denominator={"state__in": [state.value for state in OPEN]}, time_role="live", overrun=True, grained=False,
        base="此刻在办的超期工单，从最近一个已过的期限到现在的工作小时，不满一小时的按一小时；不随所选日期变化",
    ),
    Definition(
        code="overdue", name="超期率", kind="ticket", denominator={"state__in": [state.value for state in OPEN]},
        time_role="live", late=True, grained=False, base="此刻在办的工单，最近一个期限已过的算超期；不随所选日期变化",
    ),
)  # fmt: skip
BY_CODE = {one.code: one for one in FIGURES}
