DROP TABLE role_notices;
