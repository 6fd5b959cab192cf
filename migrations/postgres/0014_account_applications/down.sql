DROP INDEX one_time_credentials_unused;
DROP TABLE application_file_pieces;
DROP TABLE application_files;
DROP TABLE account_applications;
