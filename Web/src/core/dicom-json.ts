/** DICOM JSON (PS3.18 F). */

export interface Attribute {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

export type DataSet = Readonly<Record<string, Attribute>>;
