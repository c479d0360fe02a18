"""A small records repository to register into: a customer with contacts and parts, two people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from csctl.repository import open_repository
from csctl.store import Store

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 5, 9, 30, tzinfo=ZONE)
ME = "zhang-wei"

_FILES = {
    "csctl.yaml": """\
csctl: '>=0.1'
company: 星辰部件
language: zh
""",
    "records/people/zhang-wei.yaml": """\
schema: person/1
id: zhang-wei
name: 张伟
dept: 销售部
email: zhang.wei@example.com
""",
    "records/people/li-na.yaml": """\
schema: person/1
id: li-na
name: {zh: 李娜, en: Li Na}
aliases: [Nina Li]
dept: 质量部
""",
    "records/customers/XINGYU.yaml": """\
schema: customer/1
id: XINGYU
stage: registered
short_name: 星宇汽车
name: 星宇汽车股份有限公司
segment: oem
contacts:
  - {id: C1, name: 王强, function: quality, phone: '13800001234'}
  - {id: C2, name: 王强国, dept: 采购部}
products:
  - {id: P1, customer_part_no: 5305123-X01, own_part_no: XC-100, name: 左前大灯}
sales_owner: zhang-wei
""",
    "records/customers/HAIYAN.yaml": """\
schema: customer/1
id: HAIYAN
stage: registered
short_name: 海燕客车
""",
    "records/complaints/2026/00/CC-2026-0001.yaml": """\
schema: complaint/1
id: CC-2026-0001
stage: registered
customer: XINGYU
received_at: 2026-02-01T10:00+08:00
channel: wechat
complainant: {name: 王强, phone: '13800001234'}
complaint_type: product_quality
part: {customer_part_no: 5305123-X01, name: 左前大灯}
qty_defective: 2
detection_stage: line_0km
symptom: 左前大灯起雾
line_stop: false
batch: false
safety: none
remedy_sought: {what: 8d}
occurrence_cause: 密封胶未固化
registered_at: 2026-02-01T10:05+08:00
registered_by: zhang-wei
""",
}


def build_store(root: Path) -> Store:
    """Write the sample records below `root`, a git repository, and open them."""
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Store(open_repository(root))
