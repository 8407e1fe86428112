"""face templates

Revision: 0036, after 0035.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('face_template',
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('title_zh', sa.String(length=200), nullable=False),
    sa.Column('title_en', sa.String(length=200), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('seal_page', sa.Integer(), nullable=False),
    sa.Column('seal_x_mm', sa.Float(), nullable=False),
    sa.Column('seal_y_mm', sa.Float(), nullable=False),
    sa.Column('published_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('published_by', sa.String(length=128), nullable=False),
    sa.PrimaryKeyConstraint('name', 'version', name=op.f('pk_face_template'))
    )


def downgrade() -> None:
    op.drop_table('face_template')
